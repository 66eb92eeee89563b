"""The table on the screen and the section of docs/performance.md, with every target beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.variants import Measured

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
Results = dict[str, list[Measured]]

TITLES = {
    "peer": "FastAPI + pydantic + SQLAlchemy ORM",
    "ours": "the registry, everything on",
    "ours_lookup": "the bare lookup in our shape",
    "ours_during_merge": "the registry while a delivery is merged",
    "bare_copy": "bare COPY of the same rows",
    "one_receiver": "signed callbacks to one receiver",
    "eight_receivers": "signed callbacks to eight receivers",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio or a figure that was promised. Without `limit` it is only shown."""

    text: str
    metric: str
    of: str
    to: str | None = None
    bound: Literal["at most", "at least"] = "at most"
    limit: float | None = None
    unit: str = ""


TARGETS: dict[str, Sequence[Target]] = {
    "enrolled": (
        Target(
            "CPU of enrolled with everything on, to the ORM stack's bare lookup",
            "cpu_us", "ours", "peer", limit=0.5,
        ),
        Target(
            "CPU of the bare lookup in our shape, to the ORM stack's bare lookup",
            "cpu_us", "ours_lookup", "peer", limit=0.1,
        ),
        Target(
            "p99 of enrolled at 32 connections while a 200,000-record delivery is merged",
            "p99_ms", "ours_during_merge", limit=50, unit=" ms",
        ),
    ),
    "ingest": (
        Target(
            "Records a second, JSON bytes to commit, to the ORM stack",
            "per_second", "ours", "peer", "at least", 25,
        ),
        Target("Memory above idle during the delivery", "memory_mb", "ours", limit=400, unit=" MB"),
        Target(
            "Records a second, to a bare COPY of the same rows", "per_second", "ours", "bare_copy"
        ),
        Target("Records a second of the bare COPY, to the ORM stack",
               "per_second", "bare_copy", "peer"),
    ),
    "callbacks": (
        Target("Callbacks a second to one receiver, signature included", "per_second",
               "one_receiver", None, "at least", 200),
        Target("Callbacks a second to eight receivers, signature included", "per_second",
               "eight_receivers", None, "at least", 200),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a target came to."""

    target: Target
    value: float | None
    spread: tuple[float, float] = (0.0, 0.0)

    @property
    def met(self) -> bool | None:
        if self.value is None or self.target.limit is None:
            return None
        if self.target.bound == "at most":
            return self.value <= self.target.limit
        return self.value >= self.target.limit

    def row(self) -> list[str]:
        target, unit = self.target, self.target.unit
        wanted = "-" if target.limit is None else f"{target.bound} {target.limit:g}{unit}"
        if self.value is None:
            return [target.text, wanted, "-", "not measured"]
        low, high = self.spread
        measured = f"{self.value:.3g}{unit} ({low:.3g} to {high:.3g})"
        said = {True: "met", False: "missed", None: "shown only"}[self.met]
        return [target.text, wanted, measured, said]


def judge(group: str, results: Results) -> list[Verdict]:
    """Every target of the group: the median of the rounds' own ratios, and their range."""
    verdicts = []
    for target in TARGETS[group]:
        read = attrgetter(target.metric)
        values = [float(read(each)) for each in results.get(target.of, [])]
        if target.to is not None:
            bases = [float(read(each)) for each in results.get(target.to, [])]
            # Both figures of one ratio come from the same round, minutes apart at most.
            values = [a / b for a, b in zip(values, bases, strict=False) if b]
        if values:
            verdicts.append(Verdict(target, median(values), (min(values), max(values))))
        else:
            verdicts.append(Verdict(target, None))
    return verdicts


def table_of(group: str, results: Results) -> list[list[str]]:
    """One row per variant: medians over the rounds."""
    what = {"enrolled": "request", "callbacks": "callback"}.get(group, "record")
    head = ["variant", f"{what}s/s", f"app us/{what}", f"PostgreSQL us/{what}"]
    head += ["p50 ms", "p95 ms", "p99 ms"] if group == "enrolled" else ["MB above idle"]
    rows = [[*head, "trouble"]]
    for name, rounds in results.items():
        if not rounds:
            continue
        metrics = ["per_second", "app_us", "postgres_us"]
        metrics += ["p50_ms", "p95_ms", "p99_ms"] if group == "enrolled" else ["memory_mb"]
        figures = [median(float(getattr(each, metric)) for each in rounds) for metric in metrics]
        trouble = "; ".join(sorted({each.trouble for each in rounds if each.trouble})) or "none"
        cells = [f"{f:,.0f}" if f >= 100 else f"{f:,.1f}" if f else "-" for f in figures]
        rows.append([TITLES.get(name, name), *cells, trouble.replace("|", "/")])
    return rows


def machine(postgres: str) -> str:
    """The machine in one sentence, so that the figures can be judged."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model n")), "?")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = ", ".join(f"{each:.2f}" for each in os.getloadavg())
    return (
        f"{now}. {model}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"PostgreSQL {postgres}, Python {platform.python_version()}; load average {load}."
    )


def markdown(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def section(group: str, results: Results, conditions: str, postgres: str) -> str:
    """The text of one group."""
    judged = [["promised", "target", "measured (range)", "verdict"]]
    judged += [verdict.row() for verdict in judge(group, results)]
    return (
        f"{machine(postgres)}\n{conditions}\n\n{markdown(table_of(group, results))}\n\n"
        f"{markdown(judged)}\n"
    )


def write(group: str, text: str) -> None:
    """Put the section between its markers in docs/performance.md, making both if needed."""
    start, end = f"<!-- benchmarks:{group} -->", f"<!-- /benchmarks:{group} -->"
    page = PAGE.read_text() if PAGE.exists() else "# Performance\n"
    block = f"{start}\n{text}{end}"
    if start in page and end in page:
        before, rest = page.split(start, 1)
        page = before + block + rest.split(end, 1)[1]
    else:
        page = f"{page.rstrip()}\n\n## Measured: {group}\n\n{block}\n"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page)
