"""What every reader of untrusted bytes must do with any of them: read them, or say why not.

An input may be refused with one of the registry's own errors and nothing else; it may not take long
and it may not take the machine's memory (reliability E1, E4).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import msgspec

from ibr.errors import RegistryError

# Instrumented code is some ten times slower than that of a release.
SECONDS = 4.0
LARGEST = 32_768
LONGEST_SENTENCE = 2_000

Run = Callable[[bytes], object]


class Target(msgspec.Struct, frozen=True):
    """One reader, what to begin with, and what to call it."""

    name: str
    run: Run
    seeds: Callable[[], Iterable[bytes]]


class Slow(AssertionError):
    """An input that took longer than any of its size may."""


def check(run: Run, content: bytes, seconds: float = SECONDS) -> bool:
    """Whether this was read; False where it was refused in words. Anything else is raised."""
    began = time.process_time()
    try:
        run(content)
    except RegistryError as refused:
        if not refused.code or not 0 < len(refused.message) < LONGEST_SENTENCE:
            raise AssertionError("a refusal without code or sentence, or with its input") from None
        return False
    finally:
        took = time.process_time() - began
        if took > seconds:
            raise Slow(f"{len(content)} bytes took {took:.1f} s")
    return True
