"""Words for the states of a file and for what its columns may mean."""

from __future__ import annotations

from ibr.codelists.code_list import CodeList
from ibr.files.mapping.targets import TARGETS
from ibr.files.mapping.words import RELATIONSHIP

FILE_STATE = CodeList(
    "file_state",
    {
        "arriving": "Arriving",
        "arrived": "Arrived",
        "trying": "Being looked at",
        "tried": "Ready to send",
        "taking": "Being taken in",
        "done": "Taken in",
        "failed": "Not taken in",
    },
)
FILE_TARGET = CodeList("file_target", {name: target.label for name, target in TARGETS.items()})
LISTS = {"FILE_STATE": FILE_STATE, "FILE_TARGET": FILE_TARGET, "FILE_RELATIONSHIP": RELATIONSHIP}
