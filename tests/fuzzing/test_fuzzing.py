"""The readers that are fuzzed read their seeds and some thousand changes of them, quickly.

The long search is `make fuzz`; this keeps its targets alive and what it once found mended.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from ibr.errors import NotUnderstood
from tests.fuzzing.oracle import Slow, check
from tests.fuzzing.planted import PLANTED, PlantedError, sound
from tests.fuzzing.targets import TARGETS

FOUND = Path(__file__).parent / "found"
MENDED = sorted(path for path in FOUND.rglob("*") if path.is_file())
CHANGES = 120
MOST_SEEDS = 12


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_read_or_refused_in_words(name: str) -> None:
    target = TARGETS[name]
    read = [check(target.run, seed) for seed in target.seeds()]
    assert any(read), "no seed is read at all, so nothing behind the first check is reached"


@pytest.mark.parametrize("name", TARGETS)
def test_changed_seeds_are_read_or_refused_in_words(name: str) -> None:
    target = TARGETS[name]
    chance = random.Random(name)
    seeds = list(target.seeds())
    for seed in chance.sample(seeds, min(MOST_SEEDS, len(seeds))):
        for _ in range(CHANGES // MOST_SEEDS):
            check(target.run, changed(seed, seeds, chance))


def changed(seed: bytes, seeds: list[bytes], chance: random.Random) -> bytes:
    """The seed with a few changes such as a search makes them."""
    content = bytearray(seed)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(content) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(content):
            content[at] = chance.randrange(256)
        elif kind == 1:
            content[at:at] = chance.choice((b'"', b"{", b"[", b"\x00", b"\xff", b"-1", b"1e999"))
        elif kind == 2:
            del content[at : at + chance.randrange(1, 9)]
        elif kind == 3:
            other = chance.choice(seeds)
            begin = chance.randrange(len(other) + 1)
            content[at:at] = other[begin : begin + 40]
        else:
            content[at:at] = content[at : at + 20] * 3
    return bytes(content)


@pytest.mark.parametrize("path", MENDED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_stays_mended(path: Path) -> None:
    check(TARGETS[path.parent.name].run, path.read_bytes())


def test_control_the_planted_fault_gets_through() -> None:
    with pytest.raises(PlantedError):
        check(PLANTED.run, b"IBR")
    assert check(sound, b"IBR")


def test_control_the_oracle_sees_what_it_is_for() -> None:
    def late(_content: bytes) -> None:
        sum(range(3_000_000))

    def silent(_content: bytes) -> None:
        raise NotUnderstood("message.json", "")

    def foreign(_content: bytes) -> None:
        raise RecursionError

    with pytest.raises(Slow):
        check(late, b"", seconds=0.001)
    with pytest.raises(AssertionError, match="without code or sentence"):
        check(silent, b"")
    with pytest.raises(RecursionError):
        check(foreign, b"")
