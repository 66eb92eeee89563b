"""A fault that was put in on purpose: what a search for faults must find before it is believed.

It stands behind three bytes in a row, which chance alone meets once in some millions of inputs and
a search that is led by what each input reached meets within seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.fuzzing.oracle import Target


class PlantedError(KeyError):
    """The fault."""


def faulty(content: bytes) -> int:
    """Reads almost anything."""
    reached = 0
    if content[:1] == b"I":
        reached = 1
        if content[1:2] == b"B":
            reached = 2
            if content[2:3] == b"R":
                raise PlantedError(reached)
    return reached


def sound(content: bytes) -> int:
    """The same without the fault."""
    return 3 if content[:3] == b"IBR" else 0


def _seeds() -> Iterator[bytes]:
    yield b"....."


PLANTED = Target("planted", faulty, _seeds)
