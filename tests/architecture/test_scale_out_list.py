"""No new statement that a cluster would refuse: the list of known ones may only become shorter."""

from __future__ import annotations

from pathlib import Path

from docs_tools.scale_out.page import refused

KNOWN = Path(__file__).with_name("refused_on_a_cluster.txt")


def lines() -> set[str]:
    return {
        f"{file} {function}: {rule}"
        for (file, function), rules in refused().items()
        for rule in rules
    }


def known() -> set[str]:
    found = set()
    for line in KNOWN.read_text(encoding="utf-8").splitlines():
        place, _, rules = line.partition(": ")
        found |= {f"{place}: {rule}" for rule in rules.split(", ")}
    return found


def test_no_new_statement_is_refused_on_a_cluster() -> None:
    """Write it another way (docs/reference/scale-out.md says why each kind is refused)."""
    assert sorted(lines() - known()) == []


def test_what_was_mended_leaves_the_list() -> None:
    """A line that stays would let the same fault come back unseen."""
    assert sorted(known() - lines()) == []


def test_the_comparison_can_fail() -> None:
    assert lines() - set(list(known())[1:]) != set()
