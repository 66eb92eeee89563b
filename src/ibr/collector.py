"""What Python's collector of circles need not look at: what stays, and millions of small things."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """Python's collector looks through all that is held again and again while more is made, and
    finds nothing: laying out a hundred thousand people took twice the time with it. Whatever forms
    a circle meanwhile is found when the work is done."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def keep_what_is_loaded() -> None:
    """What is loaded now stays as long as the process, so the collector never looks at it again.

    At the end it must: a library that finds its own parts still there when Python goes complains.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)
