"""CPU seconds and memory of whole process trees, from /proc.

What is charged to a variant: user and system time of its application processes, and of the
postmaster with every child it has or had. A child that ended is counted in its parent's `cutime`
once reaped, so short-lived backends are not lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU seconds up to a moment: the application's and PostgreSQL's."""

    app: float
    postgres: float

    def since(self, before: Spent) -> Spent:
        return Spent(self.app - before.app, self.postgres - before.postgres)


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    own: int
    reaped: int


def _stat(pid: int) -> _Stat | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name may hold spaces and brackets: the fields start after the last bracket.
    fields = text[text.rindex(")") + 2 :].split()
    own = int(fields[11]) + int(fields[12])
    return _Stat(parent=int(fields[1]), own=own, reaped=int(fields[13]) + int(fields[14]))


def _all_stats() -> dict[int, _Stat]:
    found: dict[int, _Stat] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (stat := _stat(int(name))) is not None:
            found[int(name)] = stat
    return found


def tree_seconds(roots: Iterable[int]) -> float:
    """CPU seconds of these processes and all their descendants, living and reaped."""
    roots = list(roots)
    # A child that is reaped while we read would be counted twice or not at all: read again until
    # no root's count of reaped time moved in between.
    for _ in range(20):
        before = [_stat(pid) for pid in roots]
        stats = _all_stats()
        after = [_stat(pid) for pid in roots]
        if all(
            (a.reaped if a else 0) == (b.reaped if b else 0)
            for a, b in zip(after, before, strict=True)
        ):
            break
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(stat.parent, []).append(pid)
    total, seen, todo = 0, set[int](), list(roots)
    while todo:
        pid = todo.pop()
        if pid in seen or pid not in stats:
            continue
        seen.add(pid)
        total += stats[pid].own + stats[pid].reaped
        todo.extend(children.get(pid, ()))
    return total / _TICK


def spent(app_pids: Iterable[int], postmaster: int) -> Spent:
    """CPU seconds so far of the application and of its PostgreSQL cluster."""
    return Spent(app=tree_seconds(app_pids), postgres=tree_seconds([postmaster]))


def memory_mb(pids: Iterable[int], peak: bool = False) -> float:
    """Resident memory of these processes in MB, now or at its peak since `reset_peak`."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(wanted):
                total += int(line.split()[1])
    return total / 1024


def reset_peak(pids: Iterable[int]) -> None:
    """Start the peak of memory anew, so that it belongs to what is measured next."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def held_gib(root: int) -> float:
    """GiB that a process and its descendants hold; what they share is counted once."""
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        total += _proportional_kib(pid)
        todo += _children(pid)
    return total / 1024**2


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, path.read_text().split())
        except OSError:
            continue
    return found


def _proportional_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
