"""Merkle trees as RFC 6962 (section 2.1) hashes them: leaves and nodes can never be mistaken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over 0x00 and its data."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node: SHA-256 over 0x01 and its two halves."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves; SHA-256 of nothing where there are none.

    Neighbours are joined level by level, and one without a neighbour goes up as it is. That is the
    tree of the RFC, which splits at the largest power of two, without its recursion.
    """
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        joined = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            joined.append(level[-1])
        level = joined
    return level[0]


def path_of(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """What must be joined with the leaf at `place`, from below to the root, to get the root."""
    if not 0 <= place < len(leaves):
        raise IndexError(place)
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        neighbour = place ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        joined = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        if len(level) % 2:
            joined.append(level[-1])
        level, place = joined, place // 2
    return path


def root_from(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf at `place` of `size` leaves leads to along its path; None where the path
    has not the length that such a place needs."""
    if not 0 <= place < size:
        return None
    steps, found = iter(path), leaf
    while size > 1:
        if place ^ 1 < size:
            step = next(steps, None)
            if step is None or len(step) != HASH_BYTES:
                return None
            found = node_hash(step, found) if place % 2 else node_hash(found, step)
        place, size = place // 2, (size + 1) // 2
    return found if next(steps, None) is None else None
