"""The commands of a page that are marked to be run: <!-- test: name --> above a block of bash, or
of Python.
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

_BLOCK = r"^( *)<!-- test: ([a-z ]+) -->\n\1```{}\n(.*?)^\1```"


def commands_of(page: Path) -> dict[str, str]:
    """The marked blocks of bash of a page by name, in their order."""
    return _marked(page, "bash")


def programs_of(page: Path) -> dict[str, str]:
    """The marked blocks of Python of a page by name, in their order."""
    return _marked(page, "python")


def _marked(page: Path, language: str) -> dict[str, str]:
    block = re.compile(_BLOCK.format(language), re.DOTALL | re.MULTILINE)
    found = block.findall(page.read_text(encoding="utf-8"))
    assert found, f"{page} has no {language} that is run"
    names = [name for _, name, _ in found]
    assert len(set(names)) == len(names), f"{page} gives two blocks one name"
    return {name: dedent(block) for _, name, block in found}
