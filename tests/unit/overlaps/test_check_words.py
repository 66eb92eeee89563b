"""Every sentence and title of the checks is there in French, with the same blanks to fill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from ibr.overlaps import checks
from ibr.overlaps.checks.catalogue import CHECKS
from ibr.web.languages import words

FOLDER = Path(checks.__file__).parent
SENTENCES = [
    str(found[2])
    for found in extract_from_dir(FOLDER, [("**.py", "python")], keywords={"say": None})
]


@pytest.mark.parametrize("english", [*SENTENCES, *(check.title for check in CHECKS)])
def test_it_is_said_in_french(english: str) -> None:
    french = words("fr").gettext(english)
    assert french != english
    assert sorted(re.findall(r"{\w+}", french)) == sorted(re.findall(r"{\w+}", english))


def test_control_there_are_sentences_to_translate() -> None:
    assert len(SENTENCES) > 40
