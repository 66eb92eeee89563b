"""Runs simulations: `python -m tests.simulation --rounds 100`; one again with `--seed N`."""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ibr.clock import today
from ibr.db.embedded import find_or_start, stop
from ibr.db.migrate import upgrade
from ibr.log import set_up
from ibr.settings import Settings
from tests.conftest import database_at, scratch_folder
from tests.simulation.ground import Ground, laid, on_server
from tests.simulation.run import simulate


@contextmanager
def _new_ground() -> Iterator[Ground]:
    """A private PostgreSQL with an empty, migrated database, and the ground upon that."""
    folder = scratch_folder()
    settings = Settings(data_dir=folder)
    cluster = find_or_start(settings).dsn
    template = f"simulation_{uuid.uuid4().hex[:8]}"
    try:
        asyncio.run(on_server(cluster, f"create database {template}"))
        asyncio.run(upgrade(database_at(cluster, template), today()))
        with laid(cluster, template) as ground:
            yield ground
    finally:
        stop(settings)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first seed; without it one by chance")
    parser.add_argument("--rounds", type=int, default=1, help="how many histories (1)")
    parser.add_argument("--lines", type=int, default=0, help="how many of its last lines to show")
    given = parser.parse_args()
    set_up("critical")
    first = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    seeds = range(first, first + given.rounds)
    happened: Counter[str] = Counter()
    acknowledged = broken = 0
    with _new_ground() as ground:
        begun = time.monotonic()
        for seed in seeds:
            outcome = simulate(ground, seed)
            print(outcome.told(), flush=True)
            print("\n".join(outcome.last_lines[len(outcome.last_lines) - given.lines :]), end="")
            happened.update(outcome.happened)
            acknowledged += outcome.acknowledged
            broken += bool(outcome.broken)
    print(
        f"{len(seeds)} rounds in {time.monotonic() - begun:.0f} s: {happened.total()} faults, "
        f"{acknowledged} messages acknowledged, {broken} rounds with a broken promise"
    )
    for fault, count in sorted(happened.items()):
        print(f"  {count:6} {fault}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
