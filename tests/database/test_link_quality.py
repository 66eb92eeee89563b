"""Quality kept in the registry, and the registry's own figures from what people decided."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import msgspec
import pytest

from ibr.db.pool import Connection, owner_transaction
from ibr.identity.model import Appearance, Pair
from ibr.identity.persons import kept_models
from ibr.identity.quality.kept import history, judge_of, keep
from ibr.identity.quality.measures import Counted, measured
from ibr.identity.quality.reviewed import Reviewed, measure_reviewed
from ibr.identity.weights.comparisons import COMPARISONS
from ibr.identity.weights.starting import starting_model

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
MODEL = starting_model()
UIN = [each.name for each in COMPARISONS].index("uin")
GOOD = {
    "even_odds": msgspec.to_builtins(measured(Counted(98, 100, 100))),
    "linked": msgspec.to_builtins(measured(Counted(90, 90, 100))),
    "linked_or_review": msgspec.to_builtins(measured(Counted(98, 110, 100))),
    "furthest_below": {"sex": ["sex: female", 0.02]},
}
BAD = GOOD | {"linked": msgspec.to_builtins(measured(Counted(90, 100, 100)))}


class Rollback(Exception):
    """Ends a test's transaction without a trace."""


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[Connection]:
    try:
        async with owner_transaction(dsn) as connection:
            yield connection
            raise Rollback
    except Rollback:
        pass


async def put_pairs(
    connection: Connection, first: int, weights: Sequence[float], *, level: int = 0, why: str = ""
) -> None:
    """Pairs of records from `first` on, linked or open by their weight."""
    levels = [0] * len(COMPARISONS)
    levels[UIN] = level
    await connection.executemany(
        """
        insert into link_pair (low_record, low_no, high_record, high_no, low_programme,
                               high_programme, weight, levels, state, why, run_no, first_at)
        values ($1, 0, $2, 0, 1, 2, $3, $4, $5, $6, 1, $7)
        """,
        [
            (first + 2 * place, first + 2 * place + 1, weight, levels,
             "linked" if weight >= MODEL.link and not why else "open", why, NOW)
            for place, weight in enumerate(weights)
        ],
    )  # fmt: skip


async def decide(connection: Connection, pair: Pair, decision: str, *, opinion: int = 1) -> None:
    await connection.execute(
        """
        insert into link_decision (low_record, low_no, high_record, high_no, decision, opinion,
                                   reason_code, decided_by, decided_at)
        values ($1, $2, $3, $4, $5, $6, 'same_details', 1, $7)
        """,
        *pair[0],
        *pair[1],
        decision,
        opinion,
        NOW,
    )


async def measure(connection: Connection, sample: int = 40) -> Reviewed:
    return await measure_reviewed(connection, MODEL, sample=sample)


async def test_a_model_measured_below_its_floor_is_not_applied_by_itself(
    connection: Connection,
) -> None:
    """And one above it, or one that nobody measured, is."""
    good = await kept_models.add(connection, MODEL, {}, NOW)
    bad = await kept_models.add(connection, MODEL, {}, NOW)
    fresh = await kept_models.add(connection, MODEL, {}, NOW)
    await keep(connection, "made_up", GOOD, model_no=good, method="test", at=NOW)
    await keep(connection, "made_up", BAD, model_no=bad, method="test", at=NOW)
    judge = await judge_of(connection)
    assert judge({"model_no": good}) == judge({"model_no": fresh}) == judge({}) == []
    reasons = judge({"model_no": bad})
    assert len(reasons) == 1
    assert reasons[0].startswith("precision of what is linked is 0.9000")


async def test_the_newest_measurement_of_a_model_counts_and_the_old_ones_are_kept(
    connection: Connection,
) -> None:
    number = await kept_models.add(connection, MODEL, {}, NOW)
    await keep(connection, "made_up", BAD, model_no=number, method="before", at=NOW)
    await keep(connection, "made_up", GOOD, model_no=number, method="after", at=NOW)
    await keep(connection, "febrl", BAD, model_no=number, method="another kind", at=NOW)
    assert (await judge_of(connection))({"model_no": number}) == []
    kept = await history(connection)
    assert [each.method for each in kept[:3]] == ["another kind", "after", "before"]
    assert kept[1].measured == GOOD


async def test_without_pairs_there_are_no_shares(connection: Connection) -> None:
    found = await measure(connection)
    assert (found.precision.share, found.found.share, found.to_look_at) == (None, None, ())
    assert (found.known.share_right, found.without_number.share) == (None, None)
    assert found.between_reviewers.kappa is None


async def test_a_sample_is_drawn_from_every_band_and_always_the_same(
    connection: Connection,
) -> None:
    await put_pairs(connection, 1000, [12.5] * 60)
    await put_pairs(connection, 3000, [1.5] * 30)
    await put_pairs(connection, 5000, [9.5] * 20, why="conflict")
    found = await measure(connection)
    again = await measure(connection)
    assert found == again
    # What is open because of a conflict is not open for its weight.
    drawn = {(each.low, each.high): each.drawn for each in found.bands if each.pairs}
    assert set(drawn) == {(10.0, 20.0), (1.0, 2.0)}
    assert min(drawn.values()) >= 10
    assert len(found.to_look_at) == sum(drawn.values()) < 90
    assert found.precision.unseen == ("10 to 20",)
    other = await measure_reviewed(connection, MODEL, sample=40, seed=2)
    assert set(other.to_look_at) != set(found.to_look_at)


async def test_what_was_decided_of_the_sample_speaks_for_all_pairs(
    connection: Connection,
) -> None:
    await put_pairs(connection, 1000, [12.5] * 60)
    await put_pairs(connection, 3000, [1.5] * 30)
    drawn = (await measure(connection)).to_look_at
    over = [each for each in drawn if each[0].record_id < 3000]
    under = [each for each in drawn if each[0].record_id >= 3000]
    for pair in over:
        await decide(connection, pair, "same")
    for place, pair in enumerate(under):
        await decide(connection, pair, ("same", "different")[place % 2])
    # Whoever changes their mind counts with the newest word only.
    await decide(connection, over[0], "different")
    await decide(connection, over[1], "unsure")
    found = await measure(connection)
    decided = len(over) - 1
    assert found.precision.share == round((decided - 1) / decided, 4)
    assert found.precision.pairs == 60
    linked, open_ = 60 * (decided - 1) / decided, 30 * -(-len(under) // 2) / len(under)
    assert found.found.share == pytest.approx(linked / (linked + open_), abs=1e-4)
    assert found.to_look_at == ()
    assert [each.unsure for each in found.bands if each.pairs] == [0, 1]


async def test_a_decision_outside_the_sample_does_not_count(connection: Connection) -> None:
    """The control: what people picked by themselves is no matter of chance."""
    await put_pairs(connection, 1000, [12.5] * 200)
    before = await measure(connection, sample=20)
    drawn = set(before.to_look_at)
    everyone = [
        (row["low_record"], row["high_record"])
        for row in await connection.fetch("select low_record, high_record from link_pair")
    ]
    in_sample = {(low.record_id, high.record_id) for low, high in drawn}
    outside = next(each for each in sorted(everyone) if each not in in_sample)
    first = next(iter(drawn))
    picked = (Appearance(outside[0], 0), Appearance(outside[1], 0))
    await decide(connection, picked, "different")
    assert await measure(connection, sample=20) == before
    await decide(connection, first, "different")
    assert await measure(connection, sample=20) != before


async def test_two_opinions_are_held_beside_each_other(connection: Connection) -> None:
    await put_pairs(connection, 1000, [1.5] * 4)
    pairs = (await measure(connection)).to_look_at
    for pair, (first, second) in zip(
        sorted(pairs),
        [("same", "same"), ("same", "different"), ("different", "different"), ("same", "")],
        strict=True,
    ):
        await decide(connection, pair, first)
        if second:
            await decide(connection, pair, second, opinion=2)
    seen = (await measure(connection)).between_reviewers
    # Both the same 1, both different 1, one each 1: by chance 2/3 * 1/3 + 1/3 * 2/3 = 4/9.
    assert (seen.pairs, seen.agreed, seen.by_chance, seen.kappa) == (3, 0.6667, 0.4444, 0.4)


async def test_known_pairs_measure_the_reviewers(connection: Connection) -> None:
    for number, truth, answer in (
        (1, "same", "same"),
        (2, "different", "same"),
        (3, "same", "unsure"),
    ):
        pair = (number * 10, 0, number * 10 + 1, 0)
        await connection.execute(
            """
            insert into review_known (low_record, low_no, high_record, high_no, low_programme,
                                      high_programme, truth, weight, planted_at)
            values ($1, $2, $3, $4, 1, 2, $5, 1, $6)
            """,
            *pair,
            truth,
            NOW,
        )
        await connection.execute(
            """
            insert into review_known_answer (officer_id, low_record, low_no, high_record, high_no,
                                             decision, reason_code, answered_at)
            values (1, $1, $2, $3, $4, $5, 'same_details', $6)
            """,
            *pair,
            answer,
            NOW,
        )
    known = (await measure(connection)).known
    assert (known.answers, known.right, known.unsure, known.share_right) == (3, 1, 1, 0.5)


async def test_pairs_with_one_number_say_how_others_are_found(connection: Connection) -> None:
    """A pair of 16 bits has 9 of them from its number; without it 7 are left, and 5 are enough."""
    same = 1
    bits = MODEL.weights[UIN].levels[same].bits
    await put_pairs(connection, 1000, [bits + MODEL.link + 2] * 3, level=same)
    await put_pairs(connection, 2000, [bits + MODEL.link - 2] * 1, level=same)
    await put_pairs(connection, 3000, [30.0] * 5, level=0)
    without = (await measure(connection)).without_number
    assert (without.pairs, without.still_linked, without.share) == (4, 3, 0.75)
