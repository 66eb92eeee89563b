"""Figures rounded by a secret: the same cell always the same, and nobody can average it away."""

from __future__ import annotations

import hmac
from hashlib import sha256

from ibr.disclosure.model import Key


def round_figure(value: int, base: int, key: bytes, where: Key) -> int:
    """To a multiple of the base below or above, each as often as it is near.

    Chance is drawn from the cell's coordinates with a key, so that asking again, or asking for the
    same cell in another table, gives the same answer. It does not depend on the value: a figure
    that grows never seems to fall.
    """
    over = value % base
    name = "\x1e".join(f"{dimension}\x1f{code}" for dimension, code in where)
    drawn = hmac.new(key, name.encode(), sha256).digest()
    chance = int.from_bytes(drawn[:8], "big") / 2**64
    return value - over + (base if chance * base < over else 0)
