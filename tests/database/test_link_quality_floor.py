"""A run whose model was measured below its floor changes nothing; the same run above it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.identity.persons import kept_models
from ibr.identity.persons.floor import Judge
from ibr.identity.quality.floors import ModelFloor
from ibr.identity.quality.kept import judge_of, keep
from ibr.identity.quality.measuring import measure
from ibr.identity.weights.model import LinkageModel
from ibr.identity.weights.starting import starting_model
from tests.linkage_desk import LinkageDesk
from tests.linked_country import linked_country

LOW = ModelFloor(0.5, 0.5, 0.5, 0.9, 0.9)
"""A floor that nearly any model stands above, so that few people are enough for a test."""


@pytest.fixture
def desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    desk.empty()
    desk.owner("delete from link_quality")
    desk.appear(
        (each.appearance, each.features, list(each.keys)) for each in linked_country().entries
    )
    yield desk
    desk.close()


def put(desk: LinkageDesk, model: LinkageModel, figures: Mapping[str, Any] | None) -> int:
    """A model of the registry, and what was measured of it, if anything was."""

    async def work() -> int:
        async with owner_transaction(desk.dsn) as connection:
            number = await kept_models.add(connection, model, {}, now())
            if figures is not None:
                await keep(connection, "made_up", figures, model_no=number, method="test", at=now())
            return number

    return desk.run(work())


def judge(desk: LinkageDesk) -> Judge:
    async def work() -> Judge:
        async with desk.database.transaction(()) as connection:
            return await judge_of(connection, LOW)

    return desk.run(work())


def measured(model: LinkageModel) -> Mapping[str, Any]:
    figures: Mapping[str, Any] = msgspec.to_builtins(measure(linked_country(), model))
    return figures


def test_a_run_below_the_floor_is_proposed_and_one_above_it_is_applied(desk: LinkageDesk) -> None:
    model = starting_model()
    # Nobody is linked by weight, and nobody is put up for review.
    blind = msgspec.structs.replace(model, link=900.0, review=800.0)
    bad, good = put(desk, blind, measured(blind)), put(desk, model, measured(model))
    held = desk.link("full", model_no=bad, judge=judge(desk))
    assert held is not None
    assert held.state == "proposed"
    assert "share linked or put up for review" in (held.reason or "")
    assert desk.persons() == {}
    applied = desk.link("full", model_no=good, judge=judge(desk))
    assert applied is not None
    assert applied.state == "applied"
    assert len(desk.persons()) == len(linked_country().entries)


def test_without_the_judge_the_bad_one_would_be_applied(desk: LinkageDesk) -> None:
    """The control: it is the measurement that holds the run back, and nothing else."""
    blind = msgspec.structs.replace(starting_model(), link=900.0, review=800.0)
    number = put(desk, blind, measured(blind))
    run = desk.link("full", model_no=number)
    assert run is not None
    assert run.state == "applied"


TRAINED = msgspec.structs.replace(starting_model(), method="anchored")


def test_a_trained_model_that_nobody_measured_is_proposed(desk: LinkageDesk) -> None:
    number = put(desk, TRAINED, None)
    run = desk.link("full", model_no=number, judge=judge(desk))
    assert run is not None
    assert run.state == "proposed"
    assert "never measured" in (run.reason or "")
    assert f"ibr linkage quality --model {number} --keep" in (run.reason or "")
    assert desk.persons() == {}


def test_control_once_it_was_measured_it_is_applied(desk: LinkageDesk) -> None:
    number = put(desk, TRAINED, measured(TRAINED))
    run = desk.link("full", model_no=number, judge=judge(desk))
    assert run is not None
    assert run.state == "applied"


def test_who_accepts_the_run_takes_the_model_into_use_for_good(desk: LinkageDesk) -> None:
    number = put(desk, TRAINED, None)
    proposed = desk.link("full", model_no=number, judge=judge(desk))
    assert proposed is not None
    accepted = desk.run(desk.linkage(judge=judge(desk)).apply(proposed.run_no))
    assert accepted.state == "applied"
    again = desk.link("full", judge=judge(desk))
    assert again is not None
    assert (again.state, again.model_no) == ("applied", number)


def test_the_model_that_comes_with_the_registry_needs_no_measurement(desk: LinkageDesk) -> None:
    run = desk.link("full", model_no=put(desk, starting_model(), None), judge=judge(desk))
    assert run is not None
    assert run.state == "applied"
