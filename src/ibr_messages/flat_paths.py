"""Places in a message as one line of text, and rows of cells put back together by them.

A path is the heading of a column in the flat file form (docs/standard/files.md): names joined by
dots, a number in brackets for an element of a list, and `:json` at the end where the cells hold
JSON and not plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from ibr_messages.errors import NotUnderstood
from ibr_messages.strict_json import DECODER, canonical, check_value

Step = str | int

LONGEST_PATH: Final = 10_000
MOST_STEPS: Final = 30
LARGEST_INDEX: Final = 9_999
MOST_COLUMNS: Final = 10_000
AS_JSON: Final = ":json"

# What a writer spreads over columns of its own; anything longer it writes as JSON in one cell.
LONGEST_LIST: Final = 100
LONGEST_NAME: Final = 200

ABSENT: Final = object()
_BARE = re.compile(r"[A-Za-z0-9_@$-]+")
_STEP = re.compile(
    r'(?P<dot>\.?)(?P<bare>[A-Za-z0-9_@$-]+)|\[(?P<index>0|[1-9][0-9]{0,3})\]|\[(?P<name>"(?:[^"\\]|\\.)*")\]'
)
_PLAIN: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


def refuse(reason: str) -> NotUnderstood:
    return NotUnderstood("message.file", reason)


class Path(msgspec.Struct, frozen=True):
    """A place, and whether a cell there holds JSON."""

    steps: tuple[Step, ...]
    as_json: bool = False

    def __str__(self) -> str:
        parts: list[str] = []
        for step in self.steps:
            if isinstance(step, int):
                parts.append(f"[{step}]")
            elif _BARE.fullmatch(step):
                parts.append(f".{step}" if parts else step)
            else:
                parts.append(f"[{json.dumps(step, ensure_ascii=False)}]")
        return "".join(parts) + (AS_JSON if self.as_json else "")

    @property
    def order(self) -> tuple[tuple[int, str], ...]:
        """Sorts the columns of a list by their number."""
        return tuple((step, "") if isinstance(step, int) else (-1, step) for step in self.steps)


def read_path(text: str, where: str) -> Path:
    """The path that this text writes; `where` says in a refusal which cell it is."""
    as_json = text.endswith(AS_JSON)
    rest = text.removesuffix(AS_JSON) if as_json else text
    if len(rest) > LONGEST_PATH:
        raise refuse(f"{where} holds a path of more than {LONGEST_PATH} characters.")
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None or len(steps) == MOST_STEPS:
            raise _no_path(where)
        at = found.end()
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["name"] is not None:
            steps.append(_quoted(found["name"], where))
        elif bool(found["dot"]) != bool(steps):
            raise _no_path(where)
        else:
            steps.append(found["bare"])
    if not steps:
        raise _no_path(where)
    return Path(tuple(steps), as_json)


def _no_path(where: str) -> NotUnderstood:
    return refuse(
        f"{where} must hold a path such as member.is_disabled:json or benefits[0].benefit_type, "
        f"with at most {MOST_STEPS} steps and numbers up to {LARGEST_INDEX}."
    )


def _quoted(text: str, where: str) -> str:
    try:
        name = json.loads(text)
        name.encode()
    except (ValueError, UnicodeEncodeError):
        raise _no_path(where) from None
    assert isinstance(name, str)
    return name


def flattened(value: Any, deepest: int = MOST_STEPS) -> Iterator[tuple[Path, str]]:
    """The cells of a value: a text as it is, everything else that is not spread out as JSON."""
    yield from _flattened((), value, deepest)


def _flattened(steps: tuple[Step, ...], value: Any, deepest: int) -> Iterator[tuple[Path, str]]:
    inner: Iterable[tuple[Step, Any]] = ()
    if len(steps) < deepest:
        if isinstance(value, dict) and (not steps or all(map(_short, value))):
            inner = value.items()
        elif isinstance(value, list) and len(value) <= LONGEST_LIST and steps:
            inner = enumerate(value)
    if inner and value:
        for step, part in inner:
            yield from _flattened((*steps, step), part, deepest)
    elif isinstance(value, str) and value:
        yield Path(steps), value
    elif steps:
        yield Path(steps, as_json=True), canonical(value).decode()


def _short(name: str) -> bool:
    return len(name) <= LONGEST_NAME and len(json.dumps(name)) <= LONGEST_NAME


class _Node:
    """One place that columns lead to: cells of its own, members, elements."""

    __slots__ = ("cells", "elements", "members", "texts")

    def __init__(self) -> None:
        self.cells: list[tuple[int, bool]] = []
        self.members: dict[str, _Node] = {}
        self.elements: dict[int, _Node] = {}
        # Members that are one cell of plain text: most of them, so they are read without a call.
        self.texts: list[tuple[str, int]] = []

    def at(self, step: Step) -> _Node:
        if isinstance(step, int):
            return self.elements.setdefault(step, _Node())
        return self.members.setdefault(step, _Node())

    def settle(self, heading: str) -> None:
        """Refuses lists with a gap, and sets the simple members apart."""
        if self.elements and max(self.elements) != len(self.elements) - 1:
            raise refuse(
                f"{heading} counts the elements of a list with a gap; they are [0], [1], [2] …"
            )
        for child in (*self.members.values(), *self.elements.values()):
            child.settle(heading)
        for name, child in [*self.members.items()]:
            if not (child.members or child.texts or child.elements) and len(child.cells) == 1:
                column, as_json = child.cells[0]
                if not as_json:
                    self.texts.append((name, column))
                    del self.members[name]


class _Wrong(Exception):
    """What is wrong with a row, without its number."""


class Columns:
    """Columns by their paths: turns a row of cells into the object that it stands for."""

    def __init__(self, headings: Sequence[str], heading: str) -> None:
        """`heading` names the row of the headings in refusals."""
        if len(headings) > MOST_COLUMNS:
            raise refuse(f"{heading} has more than {MOST_COLUMNS} columns; send the file as JSON.")
        self._root = _Node()
        self.width = len(headings)
        self._unnamed = [number for number, text in enumerate(headings) if not text]
        seen: set[Path] = set()
        for number, text in enumerate(headings):
            if not text:
                continue
            where = f"{heading}, column {number + 1}"
            path = read_path(text, where)
            if path in seen:
                raise refuse(f"{where} gives a path that another column has; give each path once.")
            seen.add(path)
            if isinstance(path.steps[0], int):
                raise _no_path(where)
            node = self._root
            for step in path.steps:
                node = node.at(step)
            node.cells.append((number, path.as_json))
        self._root.settle(heading)

    def read(self, cells: list[str], row: str) -> dict[str, Any]:
        """The object of one row; an empty cell is nothing at all."""
        if len(cells) > self.width:
            if any(cells[self.width :]):
                raise refuse(f"{row} has more cells than there are columns.")
        elif len(cells) < self.width:
            cells = cells + [""] * (self.width - len(cells))
        for number in self._unnamed:
            if cells[number]:
                raise refuse(f"{row}, column {number + 1} has a value, and no path above it.")
        try:
            value = _read(self._root, cells)
        except _Wrong as wrong:
            raise refuse(f"{row}{wrong}") from None
        return {} if value is ABSENT else value


def _read(node: _Node, cells: list[str]) -> Any:
    found: list[Any] = [
        _cell(cells[column], column, as_json) for column, as_json in node.cells if cells[column]
    ]
    members = {name: cells[column] for name, column in node.texts if cells[column]}
    for name, child in node.members.items():
        value = _read(child, cells)
        if value is not ABSENT:
            members[name] = value
    if members:
        found.append(members)
    if node.elements:
        listed = [_read(node.elements[number], cells) for number in range(len(node.elements))]
        while listed and listed[-1] is ABSENT:
            listed.pop()
        if any(each is ABSENT for each in listed):
            raise _Wrong(" leaves out an element of a list and gives a later one.")
        if listed:
            found.append(listed)
    if len(found) > 1:
        raise _Wrong(" gives one place two values, for example a and a.b, or a and a:json.")
    return found[0] if found else ABSENT


def _cell(text: str, column: int, as_json: bool) -> Any:
    if not as_json:
        return text
    if text in _PLAIN:
        return _PLAIN[text]
    if len(text) < 16 and text.isascii() and text.isdecimal() and (text[0] != "0" or text == "0"):
        return int(text)
    try:
        value = DECODER.decode(text)
        check_value(value, text, 0, len(text))
    except json.JSONDecodeError:
        raise _Wrong(f", column {column + 1} is not JSON, which its path promises.") from None
    except RecursionError:
        raise _Wrong(f", column {column + 1} is JSON that is nested too deeply.") from None
    except NotUnderstood as wrong:
        raise _Wrong(f", column {column + 1}: {wrong.message}") from None
    return value
