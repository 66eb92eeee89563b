"""The largest receipts under each sum of money, for the rule on dominance."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ibr.coverage.facts.write import given_beside
from ibr.publish.receipts.store import is_there, largest_receipts
from tests.conftest import scratch_folder


@pytest.fixture
def facts() -> Iterator[Path]:
    """person 1: 100 of P and 50 of Q; person 2: 30 of P; person 3: 70 of Q, twice; one thing."""
    folder = scratch_folder()
    path = folder / "facts.parquet"
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"""
            copy (select * from (values
                (1, 1, 'A', 2::utinyint, 'KES', 100), (2, 1, 'A', 2::utinyint, 'KES', 50),
                (1, 2, 'A', 1::utinyint, 'KES', 30), (2, 3, 'B', 1::utinyint, 'KES', 70),
                (2, 3, 'B', 1::utinyint, 'KES', 70), (1, 2, 'A', 1::utinyint, 'USD', 5),
                (1, 3, 'B', 1::utinyint, 'KES', null)
            ) as given(programme_id, person_no, area1, sex, currency, minor))
            to '{given_beside(path)}' (format parquet)
            """
        )
    path.touch()
    yield path
    shutil.rmtree(folder)


def test_a_receipt_is_what_one_person_received_within_the_figure(facts: Path) -> None:
    wanted = ["currency", "programme*currency", "function*currency", "area1*currency"]
    found = largest_receipts(facts, {1: "P", 2: "Q"}, {"P": ("1",), "Q": ("1", "2")}, wanted)
    assert found["currency", ("KES",)] == (150, 140)
    assert found["currency", ("USD",)] == (5,)
    assert found["programme*currency", ("P", "KES")] == (100, 30)
    assert found["function*currency", ("1", "KES")] == (150, 140)
    assert found["function*currency", ("2", "KES")] == (140, 50)
    assert found["area1*currency", ("B", "KES")] == (140,)


def test_facts_without_what_was_given_are_not_enough(facts: Path) -> None:
    assert is_there(facts)
    given_beside(facts).unlink()
    assert not is_there(facts)
