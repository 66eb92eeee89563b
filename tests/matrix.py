"""Who may do what with which programme, where: one table, and what it means for each cell.

Change a right here first; tests/database/test_matrix.py then says where the registry differs, at
the gate and with the gate switched off. docs/reference/who-may-what.md shows the same table.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Seen = Literal["seen", "nothing", "refused"]

# Three programmes: one that the asker works for, another one of theirs, and one of others.
PROGRAMMES: Final = ("OAP", "PWD", "WORK")
REACH: Final = frozenset({"OAP", "PWD"})
# Where the asker sees people: one region with a district in it. The second region is not theirs.
AREAS: Final = ("R1", "R1-D1", "R2")
AREA_REACH: Final = frozenset({"R1"})
LIVING_IN_REACH: Final = frozenset({"R1", "R1-D1"})


class Operation(msgspec.Struct, frozen=True):
    """Something that an officer does, in words, and whether it is about people living somewhere."""

    words: str
    by_area: bool = True


OPERATIONS: Final[dict[str, Operation]] = {
    "look_up": Operation("look somebody up by an identifier"),
    "count_people": Operation("see how many people a programme reaches where"),
    "list_deliveries": Operation("see what a programme sent", by_area=False),
    "open_delivery": Operation("see what was refused of a delivery", by_area=False),
    "list_findings": Operation("see a finding in the list"),
    "open_finding": Operation("open a finding"),
    "count_findings": Operation("see how many findings there are"),
    "list_cases": Operation("see a case in the list"),
    "open_case": Operation("open a case with the person's name"),
    "count_cases": Operation("see figures of cases"),
    "queue_of_links": Operation("see a possible link in the queue"),
    "serve_person": Operation("serve somebody at the help desk, and show them their own view"),
    "list_requests": Operation("see that somebody asked for a correction or objected"),
    "open_request": Operation("see who asked for a correction or objected, and what it says"),
    "see_feeds": Operation("see when a programme reports and what came", by_area=False),
    "see_contact": Operation("see and enter whom to remind of a report", by_area=False),
    "news_of_today": Operation("see what came last, on the first page", by_area=False),
}

_FIGURES: Final = {"count_people", "news_of_today"}
_SENT: Final = {"list_deliveries", "open_delivery", "see_feeds"}
_FINDINGS: Final = {"list_findings", "open_finding"}
_CASES: Final = {"list_cases", "open_case"}

# By role; whatever is not named is refused.
ROLES: Final[dict[str, set[str]]] = {
    "administrator": _FIGURES
    | _SENT
    | _FINDINGS
    | _CASES
    | {"look_up", "count_findings", "count_cases", "queue_of_links"}
    | {"list_requests", "see_contact"},
    "programme_officer": _FIGURES
    | _SENT
    | _FINDINGS
    | _CASES
    | {"look_up", "count_findings", "count_cases", "list_requests", "open_request"},
    "analyst": _FIGURES | _SENT | {"count_findings", "count_cases"},
    "auditor": _FIGURES
    | _SENT
    | _FINDINGS
    | _CASES
    | {"look_up", "count_findings", "count_cases", "queue_of_links"},
    "help_desk": _FIGURES | {"look_up", "serve_person"},
    "planner": _FIGURES | {"count_cases"},
    "data_protection_officer": {"list_requests"},
    "developer": set(),
    "steward": {"queue_of_links", "see_feeds", "see_contact"},
}


class Cell(msgspec.Struct, frozen=True):
    """One question to the matrix."""

    who: str
    operation: str
    programme: str
    area: str

    def __str__(self) -> str:
        return f"{self.who}-{self.operation}-{self.programme}-{self.area}"

    @property
    def at_the_gate(self) -> Seen:
        """What must come of it."""
        if self.operation not in ROLES[self.who]:
            return "refused"
        return "seen" if self._in_reach else "nothing"

    @property
    def behind_the_gate(self) -> Seen:
        """What must come of it where nothing refuses and row-level security is alone."""
        return "seen" if self.at_the_gate == "seen" else "nothing"

    @property
    def _in_reach(self) -> bool:
        living = self.area in LIVING_IN_REACH or not OPERATIONS[self.operation].by_area
        return self.programme in REACH and living


CELLS: Final = tuple(
    Cell(role, operation, programme, area)
    for role in ROLES
    for operation in OPERATIONS
    for programme in PROGRAMMES
    for area in AREAS
)

# Partners: what each may do with a programme, by what its agreements say of that programme.
PARTNER_OPERATIONS: Final = {
    "enrolled": "registry.enrolled",
    "search": "registry.search",
    "report": "registry.enrollment.updates",
    "cases": "registry.cases",
    "requests": "registry.requests",
}
RELATIONS: Final = {"DCI001": "tells and asks", "DCI002": "asks", "DCI003": "tells", "DCI004": ""}
SCOPE_SETS: Final[dict[str, frozenset[str]]] = {
    "everything": frozenset(PARTNER_OPERATIONS.values()),
    "only_enrolled": frozenset({"registry.enrolled"}),
    "only_search": frozenset({"registry.search"}),
    "only_report": frozenset({"registry.enrollment.updates"}),
    "only_cases": frozenset({"registry.cases"}),
    "only_requests": frozenset({"registry.requests"}),
    "asks_and_searches": frozenset({"registry.enrolled", "registry.search"}),
}
_NEEDS: Final = {
    "enrolled": ("asks",),
    "report": ("tells",),
    "cases": ("tells",),
    "requests": ("tells",),
}


class PartnerCell(msgspec.Struct, frozen=True):
    """The same for a partner: its scopes, the operation, the programme."""

    who: str
    operation: str
    programme: str

    def __str__(self) -> str:
        return f"{self.who}-{self.operation}-{self.programme}"

    @property
    def at_the_gate(self) -> Seen:
        if PARTNER_OPERATIONS[self.operation] not in SCOPE_SETS[self.who]:
            return "refused"
        if self._in_reach:
            return "seen"
        # Whoever searches or lists cases names no programme, and finds nothing of others.
        return "refused" if self.operation in ("enrolled", "report") else "nothing"

    @property
    def behind_the_gate(self) -> Seen:
        return "seen" if self.at_the_gate == "seen" else "nothing"

    @property
    def _in_reach(self) -> bool:
        relation = RELATIONS[self.programme]
        # A programme's own system finds by a search what it reported itself.
        wanted = _NEEDS.get(self.operation, ("tells", "asks"))
        return any(each in relation for each in wanted)


PARTNER_CELLS: Final = tuple(
    PartnerCell(who, operation, programme)
    for who in SCOPE_SETS
    for operation in PARTNER_OPERATIONS
    for programme in RELATIONS
)


def as_markdown() -> str:
    """The table as docs/reference/who-may-what.md shows it."""
    roles = list(ROLES)
    lines = [
        "# Who may do what",
        "",
        "What each role may do, about people of its own programmes who live in its own areas. "
        "Everything else is refused. The tests hold every cell of this table against the registry, "
        "for programmes and areas in reach and out of it: at the gate, and with every check of the "
        "gate switched off, by row-level security alone.",
        "",
        "## Officers",
        "",
        "| | " + " | ".join(role.replace("_", " ") for role in roles) + " |",
        "|---" * (len(roles) + 1) + "|",
    ]
    for name, operation in OPERATIONS.items():
        marks = ["yes" if name in ROLES[role] else "–" for role in roles]
        where = "" if operation.by_area else " (whatever the area)"
        lines.append(f"| {operation.words}{where} | " + " | ".join(marks) + " |")
    lines += [
        "",
        "## People themselves",
        "",
        "Somebody who signed in by themselves sees their own records, who asked about them, and "
        "what they asked of programmes, until the session ends. Each row of the table above is "
        "refused to them, and with the gate off shows them nothing.",
        "",
        "## Partners",
        "",
        "| operation | scope | about which programmes |",
        "|---|---|---|",
    ]
    words = {"asks": "that its agreements let it ask about", "tells": "that it reports for"}
    for name, scope in PARTNER_OPERATIONS.items():
        wanted = _NEEDS.get(name, ("asks", "tells"))
        lines.append(f"| {name} | `{scope}` | {', or '.join(words[each] for each in wanted)} |")
    return "\n".join(lines) + "\n"
