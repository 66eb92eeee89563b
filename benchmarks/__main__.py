"""`python -m benchmarks [enrolled|ingest|callbacks|search-callback|subscriptions|linkage|all]`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import tempfile
from pathlib import Path

from benchmarks import linkage, peers, report, search_callback, subscriptions
from benchmarks.cluster import private_cluster
from benchmarks.variants import Scene, Variants, take_turns


def variants_of(group: str, only: list[str]) -> Variants:
    """The peers of this group and, where the registry is there, its own variants."""
    if group == "callbacks":
        made: Variants = importlib.import_module("benchmarks.callbacks").CALLBACKS
        return {name: make for name, make in made.items() if not only or name in only}
    found: Variants = dict(peers.ENROLLED if group == "enrolled" else peers.INGEST)
    if importlib.util.find_spec("benchmarks.ours") is not None:
        ours = importlib.import_module("benchmarks.ours")
        found |= ours.ENROLLED if group == "enrolled" else ours.INGEST
    return {name: make for name, make in found.items() if not only or name in only}


def conditions(group: str, scene: Scene, rounds: int) -> str:
    """What was done, in a sentence beside the figures."""
    if group == "enrolled":
        return (
            f"{scene.people:,} people; {scene.connections} connections; {rounds} rounds in turn, "
            f"each {scene.seconds:g} s of closed loop (CPU, requests/s) and {scene.seconds:g} s of "
            f"random arrivals at {scene.rate:g}/s (latency)."
        )
    if group == "callbacks":
        return (
            f"{scene.callbacks:,} promised search answers of one record each, {rounds} rounds in "
            "turn; opened, signed and sent by one worker, to a receiver that verifies nothing and "
            "answers an Ack. Worker, PostgreSQL and receiver share the machine."
        )
    return (
        f"{scene.records:,} records of two identifiers and three benefits, {rounds} rounds in "
        f"turn; the ORM stack takes {scene.peer_records:,} of them per round in messages of 1,000, "
        f"into tables that hold {scene.people:,} people."
    )


def run_search_callback(*, quick: bool, keep: bool) -> None:
    """One registry with its worker, and no peer: the ORM stack answers nothing later."""
    with tempfile.TemporaryDirectory(prefix="ibr-bench-") as folder:
        text = search_callback.run(Path(folder), quick=quick)
    print(f"search-callback:\n\n{text}", flush=True)
    if keep:
        report.write("search-callback", text)


def run_subscriptions(only: list[str], *, quick: bool, keep: bool) -> None:
    """The matching of changes alone, mix by mix."""
    size = (
        subscriptions.Size(people=20_000, changes=10_000, subscriptions=1_000)
        if quick
        else subscriptions.Size(people=200_000, changes=100_000, subscriptions=1_000)
    )
    with private_cluster() as cluster:
        text = subscriptions.run(cluster, size, only)
    print(f"subscriptions:\n\n{text}", flush=True)
    if keep:
        report.write("subscriptions", text)


def run_linkage(people: int, *, keep: bool) -> None:
    """Who is who, without a database."""
    with tempfile.TemporaryDirectory(prefix="ibr-bench-") as folder:
        text = linkage.run(Path(folder), linkage.Size(people))
    print(f"linkage:\n\n{text}", flush=True)
    if keep:
        report.write("linkage", text)


def main() -> None:
    """Run what was asked for and keep the figures in docs/performance.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "group",
        nargs="?",
        choices=(
            "enrolled",
            "ingest",
            "callbacks",
            "search-callback",
            "subscriptions",
            "linkage",
            "all",
        ),
        default="all",
    )
    parser.add_argument("--quick", action="store_true", help="small and short; nothing is kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=500, help="arrivals a second")
    parser.add_argument("--only", action="append", default=[], metavar="VARIANT")
    parser.add_argument("--keep", action="store_true", help="keep the figures of a partial run too")
    asked = parser.parse_args()
    if asked.group == "search-callback":
        run_search_callback(quick=asked.quick, keep=asked.keep or not asked.quick)
        return
    if asked.group == "subscriptions":
        keep = asked.keep or not (asked.quick or asked.only)
        run_subscriptions(asked.only, quick=asked.quick, keep=keep)
        return
    if asked.group == "linkage":
        run_linkage(20_000 if asked.quick else 1_000_000, keep=asked.keep or not asked.quick)
        return
    groups = ("enrolled", "ingest", "callbacks") if asked.group == "all" else (asked.group,)
    with tempfile.TemporaryDirectory(prefix="ibr-bench-") as folder, private_cluster() as cluster:
        scene = Scene(
            cluster=cluster,
            folder=Path(folder),
            people=20_000 if asked.quick else 200_000,
            connections=32,
            seconds=2 if asked.quick else 8,
            rate=asked.rate,
            records=10_000 if asked.quick else 200_000,
            peer_records=500 if asked.quick else 3_000,
            callbacks=1_000 if asked.quick else 6_000,
        )
        for group in groups:
            print(f"{group}:", flush=True)
            results = take_turns(variants_of(group, asked.only), scene, asked.rounds)
            said = conditions(group, scene, asked.rounds)
            text = report.section(group, results, said, cluster.version)
            print(f"\n{text}", flush=True)
            if asked.keep or not (asked.quick or asked.only):
                report.write(group, text)


if __name__ == "__main__":
    main()
