"""Merkle trees as RFC 6962 hashes them: its published roots, and paths from every leaf."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.audit.seals.merkle import leaf_hash, node_hash, path_of, root_from, root_of

# The leaves and roots that implementations of the RFC are held against.
LEAVES = [
    leaf_hash(bytes.fromhex(each))
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_rfc(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_nothing_has_the_root_of_nothing() -> None:
    assert root_of([]) == hashlib.sha256(b"").digest()


def split_as_the_rfc_says(leaves: list[bytes]) -> bytes:
    """The definition itself: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return leaves[0]
    at = 1
    while at * 2 < len(leaves):
        at *= 2
    return node_hash(split_as_the_rfc_says(leaves[:at]), split_as_the_rfc_says(leaves[at:]))


@given(st.integers(min_value=1, max_value=200))
def test_level_by_level_is_the_same_as_the_definition(size: int) -> None:
    leaves = [leaf_hash(str(each).encode()) for each in range(size)]
    assert root_of(leaves) == split_as_the_rfc_says(leaves)


@given(st.integers(min_value=1, max_value=130), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_no_other(
    size: int, data: st.DataObject
) -> None:
    leaves = [leaf_hash(str(each).encode()) for each in range(size)]
    place = data.draw(st.integers(min_value=0, max_value=size - 1))
    path, root = path_of(leaves, place), root_of(leaves)
    assert root_from(leaves[place], place, size, path) == root
    assert root_from(leaf_hash(b"another"), place, size, path) != root
    assert root_from(leaves[place], place, size, [*path, root]) is None
    assert root_from(leaves[place], size, size, path) is None
    assert root_from(leaves[place], place, size, path[:-1]) != root or size == 1


def test_a_leaf_is_never_taken_for_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
