"""OWASP ASVS 5.0 as a checked list: what is asked, whether it holds here, and what shows it.

The table is docs_tools/asvs.txt; tests/security/test_asvs.py holds it whole and true.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from docs_tools.markdown import table

State = Literal["met", "deployment", "none", "open"]
ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = Path(__file__).with_name("asvs.txt")
SAID: Final[dict[State, str]] = {
    "met": "met",
    "deployment": "met by how it is installed",
    "none": "does not apply",
    "open": "**not met**",
}
CHAPTERS: Final = {
    1: "Encoding and cleaning",
    2: "Validation and business logic",
    3: "Browsers",
    4: "Interfaces",
    5: "Files",
    6: "Proving who one is",
    7: "Sessions",
    8: "Rights",
    9: "Tokens that speak for themselves",
    10: "OAuth and OpenID Connect",
    11: "Cryptography",
    12: "Communication",
    13: "Configuration",
    14: "Data protection",
    15: "Code and architecture",
    16: "Logging and errors",
    17: "WebRTC",
}


class Requirement(msgspec.Struct, frozen=True):
    """One line of the list; `evidence` are tests by their node id, and pages by their path."""

    number: tuple[int, int, int]
    level: int
    what: str
    state: State
    evidence: tuple[str, ...]
    remark: str

    @property
    def name(self) -> str:
        """As OWASP writes it."""
        return "v5.0.0-" + ".".join(map(str, self.number))


def requirements(text: str | None = None) -> list[Requirement]:
    """Every requirement of the table, in its order."""
    lines = (FILE.read_text(encoding="utf-8") if text is None else text).splitlines()
    return [_requirement(line) for line in lines if line and not line.startswith("#")]


def _requirement(line: str) -> Requirement:
    number, level, what, state, evidence, remark = (part.strip() for part in line.split("|"))
    chapter, section, last = map(int, number.split("."))
    return Requirement(
        (chapter, section, last),
        int(level),
        what,
        msgspec.convert(state, State),
        tuple(evidence.split()),
        remark,
    )


def asvs_page() -> str:
    every = requirements()
    counts = [
        [
            SAID[state],
            *(
                str(sum(each.level == level and each.state == state for each in every))
                for level in (1, 2)
            ),
        ]
        for state in SAID
    ]
    parts = [
        "# OWASP ASVS 5.0, levels 1 and 2\n",
        "The Application Security Verification Standard of OWASP, version 5.0.0, requirement by "
        "requirement: what it asks, in our words, whether it holds here, and the test or page that "
        "shows it. The numbers are OWASP's; its own sentences are "
        "[theirs](https://owasp.org/www-project-application-security-verification-standard/) and "
        "say more than ours. The list was held against the file that OWASP publishes: 70 "
        "requirements of level 1 and 183 more of level 2. Level 3 is not claimed.\n",
        "A test makes sure that no requirement is missing and that every test and page named here "
        "exists. Whether a test shows what a line says is for a reader to judge; nobody from "
        "outside has done so yet.\n",
        table(("", "level 1", "level 2"), counts),
    ]
    for chapter, title in CHAPTERS.items():
        rows = [_row(each) for each in every if each.number[0] == chapter]
        parts += [
            f"\n## {chapter}. {title}\n",
            table(("number", "level", "asked", "state", "shown by"), rows),
        ]
    return "\n".join(parts)


def _row(each: Requirement) -> tuple[str, ...]:
    shown = [_linked(place) for place in each.evidence] + ([each.remark] if each.remark else [])
    return (each.name, str(each.level), each.what, SAID[each.state], ". ".join(shown))


def _linked(place: str) -> str:
    if place.startswith("docs/"):
        path = place.removeprefix("docs/")
        return f"[{path}](../{path})"
    return f"`{place}`"
