"""The checks themselves, on plain records: the same for the database and for an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ibr.audit.seals.anchor import Line
from ibr.audit.seals.keys import holds
from ibr.audit.seals.merkle import root_from, root_of
from ibr.audit.seals.model import MARK_BYTES, NOTHING, AuditKey, Seal
from ibr.audit.verify.model import Break, BrokenError, Checked, Proof, Report, What


class Checker:
    """Takes seals in order, each with what it closes, and stops at the first that does not hold.

    `before` is the seal before the first, where the check begins later than at the beginning.
    """

    def __init__(
        self,
        keys: Sequence[AuditKey],
        anchored: Iterator[Line] | None = None,
        before: Seal | None = None,
        *,
        from_start: bool = True,
    ) -> None:
        self._keys = _vouched_for(keys)
        self._anchored = _Outside(anchored)
        self._before = before
        self._from_start = from_start
        self.report = Report(key=keys[0].kid if keys else None)

    def take(self, seal: Seal, rows: Sequence[Checked]) -> None:
        """Checks the next seal; BrokenError where it does not hold."""
        self._follows(seal)
        self._is_anchored(seal)
        self._is_signed(seal)
        _closes(seal, rows)
        self._before = seal
        report = self.report
        report.first = seal.number if report.first is None else report.first
        report.last, report.code = seal.number, seal.code
        report.seals += 1
        for each in rows:
            report.events += each.member.kind == "event"
            report.asked += each.rows
        if seal.lost:
            report.lost.append(seal.lost)

    def end(self) -> Report:
        """Whether the anchor knows of newer seals than there are; then the report."""
        newest = self._anchored.newest()
        last = self._before.number if self._before else 0
        if newest is not None and newest > last:
            _broken("rolled_back", last or None)
        self.report.anchored = self._anchored.met
        return self.report

    def _follows(self, seal: Seal) -> None:
        before = self._before
        if before is None:
            if self._from_start and seal.number != 1 and seal.lost != (1, seal.number - 1):
                _broken("seal_missing", 1)
            if self._from_start and seal.previous != NOTHING:
                _broken("chain_broken", seal.number)
            return
        expected = before.number + 1
        if seal.lost:
            if seal.lost != (expected, seal.number - 1):
                _broken("seal_missing", expected)
        elif seal.number != expected:
            _broken("seal_missing", expected)
        if seal.previous != before.digest or seal.chain != before.chain:
            _broken("chain_broken", seal.number)
        if seal.first_id != before.last_id + 1:
            _broken("chain_broken", seal.number)

    def _is_anchored(self, seal: Seal) -> None:
        line = self._anchored.of(seal)
        if line is None:
            return
        if line.key != seal.kid:
            _broken("other_key", seal.number)
        if line.digest != seal.digest.hex():
            _broken("resealed", seal.number)
        key = self._keys.get(seal.kid)
        if key is not None and line.public != key.public_key.hex():
            _broken("other_key", seal.number)

    def _is_signed(self, seal: Seal) -> None:
        key = self._keys.get(seal.kid)
        if key is None:
            _broken("key_unknown", seal.number)
        elif not holds(key.public_key, seal.statement, seal.signature):
            _broken("seal_changed", seal.number)


class _Outside:
    """Lines of an anchor beside the seals, both in order, so that neither is held in memory."""

    def __init__(self, lines: Iterator[Line] | None) -> None:
        self._lines = iter(()) if lines is None else lines
        self._line: Line | None = next(self._lines, None)
        self._last: int | None = self._line.seal if self._line else None
        self.met = 0

    def of(self, seal: Seal) -> Line | None:
        """The line of this seal. Those before it are of seals that are not checked now, or that
        a restored backup did not hold, or were written twice."""
        while self._line is not None and self._line.seal < seal.number:
            self._next()
        line = self._line
        if line is None or line.seal != seal.number:
            return None
        self.met += 1
        self._next()
        return line

    def _next(self) -> None:
        self._line = next(self._lines, None)
        if self._line is not None:
            self._last = max(self._last or 0, self._line.seal)

    def newest(self) -> int | None:
        """The newest seal of the anchor."""
        while self._line is not None:
            self._next()
        return self._last


def _vouched_for(keys: Sequence[AuditKey]) -> dict[str, AuditKey]:
    """The keys that count: the oldest, and each that one of them endorsed."""
    found: dict[str, AuditKey] = {}
    for key in keys:
        if not found:
            found[key.kid] = key
            continue
        by = found.get(key.endorsed_by or "")
        if by and key.endorsement and holds(by.public_key, key.statement, key.endorsement):
            found[key.kid] = key
    return found


def _closes(seal: Seal, rows: Sequence[Checked]) -> None:
    """Whether the rows are those that the seal closes, no more, no fewer, none changed."""
    for each in rows:
        if each.wrong is not None:
            _broken(each.wrong, seal.number, each.member.number)
    there = [each.member.number for each in rows]
    wanted = expected_numbers(seal)
    if there != wanted:
        gone = sorted(set(wanted) - set(there))
        new = sorted(set(there) - set(wanted))
        if gone:
            _broken("event_missing", seal.number, gone[0])
        if new:
            _broken("event_inserted", seal.number, new[0])
    leaves = [each.member.leaf for each in rows]
    if len(leaves) != seal.members or root_of(leaves) != seal.root:
        _broken("event_swapped", seal.number, _first_other(seal, rows))


def _first_other(seal: Seal, rows: Sequence[Checked]) -> int | None:
    for at, each in enumerate(rows):
        mark = seal.marks[at * MARK_BYTES : (at + 1) * MARK_BYTES]
        if each.member.leaf[:MARK_BYTES] != mark:
            return each.member.number
    return None


def expected_numbers(seal: Seal) -> list[int]:
    """The numbers that a seal closes, in order: the late ones, then its own but for the gaps."""
    numbers = list(seal.late)
    at = seal.first_id
    for first, last in seal.gaps:
        numbers += range(at, first)
        at = last + 1
    numbers += range(at, seal.last_id + 1)
    return numbers


def _broken(what: What, seal: int | None, row: int | None = None) -> None:
    raise BrokenError(Break(what=what, seal=seal, row=row))


def check_proof(proof: Proof) -> Break | None:
    """Whether the proof's event is in its seal and the seal is signed with the proof's key."""
    checked, seal = proof.kept.checked(), proof.seal
    if checked.wrong is not None:
        return Break(what=checked.wrong, seal=seal.number, row=checked.member.number)
    if not holds(proof.key.public_key, seal.statement, seal.signature) or proof.key.kid != seal.kid:
        return Break(what="seal_changed", seal=seal.number)
    root = root_from(checked.member.leaf, proof.place, seal.members, proof.path)
    if root != seal.root or checked.member.number not in expected_numbers(seal):
        return Break(what="event_swapped", seal=seal.number, row=checked.member.number)
    return None
