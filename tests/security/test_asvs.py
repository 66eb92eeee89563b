"""The list of OWASP ASVS 5.0 is whole, and what it names as evidence is there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from docs_tools.asvs import ROOT, Requirement, requirements

# How many requirements of level 1 and 2 each section of ASVS 5.0.0 has: chapter, section, number.
# In each section those of level 3 come last, so these are its first ones; sections that have none
# but of level 3 are not here.
SECTIONS = {
    1: {1: 2, 2: 9, 3: 11, 4: 3, 5: 2},
    2: {1: 3, 2: 3, 3: 4, 4: 1},
    3: {2: 2, 3: 4, 4: 6, 5: 5, 7: 2},
    4: {1: 3, 2: 1, 3: 2, 4: 4},
    5: {1: 1, 2: 3, 3: 2, 4: 3},
    6: {1: 3, 2: 12, 3: 4, 4: 4, 5: 5, 6: 3, 8: 4},
    7: {1: 3, 2: 4, 3: 2, 4: 5, 5: 2, 6: 2},
    8: {1: 2, 2: 3, 3: 1, 4: 1},
    9: {1: 3, 2: 4},
    10: {1: 2, 2: 2, 3: 4, 4: 11, 5: 5, 6: 2, 7: 3},
    11: {1: 2, 2: 3, 3: 3, 4: 4, 5: 1, 6: 1},
    12: {1: 3, 2: 2, 3: 4},
    13: {1: 1, 2: 5, 3: 2, 4: 5},
    14: {1: 2, 2: 4, 3: 3},
    15: {1: 3, 2: 3, 3: 7},
    16: {1: 1, 2: 5, 3: 4, 4: 3, 5: 3},
    17: {1: 1, 2: 4, 3: 2},
}
EVERY = requirements()
LEVEL_1, LEVEL_2 = 70, 183


def numbers(sections: dict[int, dict[int, int]]) -> list[tuple[int, int, int]]:
    return [
        (chapter, section, number)
        for chapter, counted in sections.items()
        for section, many in counted.items()
        for number in range(1, many + 1)
    ]


def test_every_requirement_of_both_levels_is_in_the_list_once_and_in_order() -> None:
    assert [each.number for each in EVERY] == numbers(SECTIONS)


def test_there_are_as_many_of_each_level_as_owasp_counts() -> None:
    assert sum(each.level == 1 for each in EVERY) == LEVEL_1
    assert sum(each.level == 2 for each in EVERY) == LEVEL_2


def missing(place: str, root: Path = ROOT) -> str | None:
    """Why this is no evidence; None where it is there."""
    path, _, test = place.partition("::")
    file = root / path
    if not file.is_file():
        return f"there is no {path}"
    if path.startswith("docs/"):
        return None
    if not path.startswith("tests/") or not file.name.startswith("test_"):
        return f"{path} is neither a test nor a page"
    return None if not test or test in functions_in(file) else f"{path} has no {test}"


@cache
def functions_in(file: Path) -> frozenset[str]:
    """The names of what a file of tests defines."""
    written = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(written) if isinstance(node, kinds))


def wrong(each: Requirement) -> list[str]:
    """What a line lacks."""
    said = [why for place in each.evidence if (why := missing(place))]
    if each.state in ("met", "deployment") and not each.evidence:
        said.append("nothing shows it")
    if each.state == "deployment" and not any(place.startswith("docs/") for place in each.evidence):
        said.append("no page says how to install it so")
    if each.state in ("none", "open") and not each.remark:
        said.append("nothing says why")
    if not each.what:
        said.append("nothing says what is asked")
    return said


def test_every_line_is_shown_by_what_it_names() -> None:
    assert {each.name: why for each in EVERY if (why := wrong(each))} == {}


@pytest.mark.parametrize(
    ("state", "evidence", "remark", "found"),
    [
        ("met", (), "", "nothing shows it"),
        ("met", ("tests/security/test_asvs.py::test_that_is_not_there",), "", "has no test_that"),
        ("met", ("tests/security/test_none.py",), "", "there is no"),
        ("met", ("src/ibr/app.py",), "", "neither a test nor a page"),
        ("deployment", ("tests/security/test_asvs.py",), "", "no page says"),
        ("none", (), "", "nothing says why"),
        ("open", (), "", "nothing says why"),
    ],
)
def test_control_a_line_that_shows_nothing_is_found(
    state: str, evidence: tuple[str, ...], remark: str, found: str
) -> None:
    line = Requirement((1, 1, 1), 1, "x", state, evidence, remark)  # type: ignore[arg-type]
    assert any(found in why for why in wrong(line))


def test_control_a_missing_requirement_would_be_seen() -> None:
    assert [each.number for each in EVERY[:-1]] != numbers(SECTIONS)


def test_what_is_not_met_is_said() -> None:
    """A list without a single open line would be a list that nobody looked at."""
    assert any(each.state == "open" for each in EVERY)
