"""Who is who among a million appearances: from features to clusters, in a process of its own.

The made-up country is written out once as appearances with their features and keys, in parts, as
a run would read them. Then each step is measured in a fresh process, so that its peak of memory is
its own: training, everybody against everybody, and a tenth as new against the rest. The truth is
only used to judge.
"""

from __future__ import annotations

import gc
import json
import pickle
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.report import machine, markdown
from ibr.demo.country import make_country
from ibr.demo.known_people import INDEX, PROGRAMME_IDS, known_records
from ibr.identity.engines import splink_engine, training
from ibr.identity.engines.clustering import cluster
from ibr.identity.engines.found import Keyed
from ibr.identity.features.features_of import features_of
from ibr.identity.features.keys import keys_of
from ibr.identity.model import Appearance, Number
from ibr.identity.weights.model import decode, encode

PART = 50_000
SEED = 7
MODEL = "model.json"
MEMORY = "2GB"
THREADS = 2


@dataclass(frozen=True, slots=True)
class Size:
    """How many people of the made-up country."""

    people: int


def write(people: int, folder: Path) -> int:
    """Writes the country's appearances in parts, the truth beside them; says how many."""
    country = make_country(people, SEED)
    told, count = appearances_of(country), 0
    while part := list(islice(told, PART)):
        (folder / f"part-{count // PART:04d}").write_bytes(pickle.dumps(part, protocol=5))
        count += len(part)
    return count


def appearances_of(country: Any) -> Iterator[tuple[Keyed, int]]:
    """Every appearance with what is compared of it, and the true person."""
    for record in known_records(country):
        who = {each.member_no: each.person for each in record.people}
        programme = PROGRAMME_IDS[record.programme]
        appeared = features_of(record.document, record.unit, programme, INDEX)
        for number, each in enumerate(appeared):
            keys = keys_of(each.features, INDEX)
            yield (Appearance(record.record_id, number), each.features, keys), who[each.member_no]


class Written:
    """What was written, read part by part as often as it is asked for."""

    def __init__(self, folder: Path, keep: Callable[[int], bool] | None = None) -> None:
        self._folder, self._keep = folder, keep

    def __iter__(self) -> Iterator[Keyed]:
        for keyed, _ in self.with_truth():
            yield keyed

    def with_truth(self) -> Iterator[tuple[Keyed, int]]:
        for path in sorted(self._folder.glob("part-*")):
            gc.disable()
            part = pickle.loads(path.read_bytes())
            gc.enable()
            for each in part:
                if self._keep is None or self._keep(each[0][0].record_id):
                    yield each


def is_new(record: int) -> bool:
    """Every tenth record is new, whatever its programme."""
    return record % 10 == 0


def numbers_noted(
    appearances: Iterable[Keyed], numbers: dict[Appearance, Number | None]
) -> Iterator[Keyed]:
    for each in appearances:
        numbers[each[0]] = each[1].uin
        yield each


def train(folder: Path) -> dict[str, Any]:
    """A model from the equal numbers of the country's own records."""
    trained = training.train_on(Written(folder), memory=MEMORY, threads=THREADS)
    if trained is None:
        raise SystemExit("Too few people to train on: take 20,000 at least.")
    (folder / MODEL).write_bytes(encode(trained.model))
    return {}


def everybody(folder: Path) -> dict[str, Any]:
    """Everybody against everybody, and how well it went."""
    model = decode((folder / MODEL).read_bytes())
    numbers: dict[Appearance, Number | None] = {}
    started = time.perf_counter()
    found = splink_engine.link(
        numbers_noted(Written(folder), numbers), model, memory=MEMORY, threads=THREADS
    )
    weighed_s = time.perf_counter() - started
    clusters = cluster(numbers, found.weighed, [], model, households=True)
    said = {
        "appearances": len(numbers),
        "compared": found.compared,
        "keys_dropped": found.keys_dropped,
        "weighing_s": weighed_s,
        "joining_s": time.perf_counter() - started - weighed_s,
    } | spent(started)
    truth = {each[0]: person for each, person in Written(folder).with_truth()}
    true = sum(n * (n - 1) // 2 for n in Counter(truth.values()).values())
    joined = right = 0
    for group in clusters.clusters:
        joined += len(group) * (len(group) - 1) // 2
        right += sum(n * (n - 1) // 2 for n in Counter(truth[each] for each in group).values())
    shown = sum(truth[pair.low] == truth[pair.high] for pair, _ in clusters.open)
    return said | {
        "precision": right / joined,
        "recall": right / true,
        "f1": 2 * right / (joined + true),
        "found_with_review": (right + shown) / true,
        "to_review": len(clusters.open),
        "largest": max(map(len, clusters.clusters)),
    }


def batch(folder: Path) -> dict[str, Any]:
    """A tenth of all records as new, against the rest."""
    model = decode((folder / MODEL).read_bytes())
    started = time.perf_counter()
    found = splink_engine.link(
        Written(folder, is_new),
        model,
        against=Written(folder, lambda record: not is_new(record)),
        memory=MEMORY,
        threads=THREADS,
    )
    return {"compared": found.compared} | spent(started)


def spent(started: float) -> dict[str, float]:
    """Seconds by the clock and of the processors, and the peak of memory, up to now."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall_s": time.perf_counter() - started,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_gib": used.ru_maxrss / 1024**2,
    }


STEPS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "train": train,
    "everybody": everybody,
    "batch": batch,
}


def measured(step: str, folder: Path) -> dict[str, Any]:
    """One step in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.linkage", step, str(folder)],
        check=True,
        capture_output=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def run(folder: Path, size: Size) -> str:
    """The figures of all steps as Markdown."""
    count = write(size.people, folder)
    found = {step: measured(step, folder) for step in STEPS}
    whole, tenth = found["everybody"], found["batch"]
    rows = [
        ("training on equal national numbers", found["train"]),
        ("everybody against everybody, to clusters", whole),
        ("a tenth as new, against the rest, to pairs", tenth),
    ]
    table = [["step", "wall", "CPU", "peak memory"]]
    table += [
        [name, f"{each['wall_s']:.0f} s", f"{each['cpu_s']:.0f} s", f"{each['peak_gib']:.1f} GiB"]
        for name, each in rows
    ]
    return "\n".join(
        [
            f"{machine('not used')}\n{size.people:,} people, {count:,} appearances, "
            f"{THREADS} threads, DuckDB bounded at {MEMORY}. Times include reading the parts.",
            "",
            markdown(table),
            "",
            f"{whole['compared']:,} pairs compared ({whole['compared'] / count:.1f} for each "
            f"appearance), {whole['keys_dropped']:,} keys not followed; weighing "
            f"{whole['weighing_s']:.0f} s, joining {whole['joining_s']:.0f} s. Linked without a "
            f"person: precision {whole['precision']:.4f}, recall {whole['recall']:.4f}, F1 "
            f"{whole['f1']:.4f}; with the {whole['to_review']:,} pairs to review "
            f"{whole['found_with_review']:.4f} of the true pairs. Largest cluster "
            f"{whole['largest']}.\n",
        ]
    )


def main() -> None:
    """One step, as `measured` starts it; its figures as JSON."""
    step, folder = sys.argv[1], Path(sys.argv[2])
    started = time.perf_counter()
    said = STEPS[step](folder)
    print(json.dumps(spent(started) | said))


if __name__ == "__main__":
    main()
