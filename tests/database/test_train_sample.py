"""A model trained on a sample: the same people always, near the model of everybody, and little in
memory at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ibr.errors import Conflict
from ibr.identity.engines.training import train_on
from ibr.identity.model import Appearance
from ibr.identity.persons import kept_models, train_model
from ibr.identity.persons.news import silent
from ibr.identity.persons.train_model import NewModel, is_sampled
from ibr.identity.weights.model import LinkageModel, decode
from ibr.identity.weights.train import vector_of
from tests.linkage_desk import SEALER, LinkageDesk
from tests.linked_country import linked_country

PEOPLE = 14_000


@pytest.fixture(scope="module")
def desk(dsn: str) -> Iterator[LinkageDesk]:
    desk = LinkageDesk(dsn)
    desk.appear(
        (each.appearance, each.features, list(each.keys))
        for each in linked_country(PEOPLE, 7).entries
    )
    yield desk
    desk.close()


def trained(desk: LinkageDesk, most: int = train_model.MOST) -> NewModel:
    return desk.run(
        train_model.train_model(
            desk.database,
            SEALER,
            memory="500MB",
            threads=1,
            folder=None,
            progress=silent,
            most=most,
        )
    )


def weights(desk: LinkageDesk, made: NewModel) -> LinkageModel:
    async def work() -> LinkageModel:
        async with desk.database.transaction(()) as connection:
            kept = {each.model_no: each for each in await kept_models.every(connection)}
        return decode(kept[made.model_no].content)

    return desk.run(work())


def test_of_few_everybody_is_looked_at_and_the_model_is_the_one_of_before(
    desk: LinkageDesk,
) -> None:
    entries = linked_country(PEOPLE, 7).entries
    before = train_on([(each.appearance, each.features, list(each.keys)) for each in entries])
    assert before is not None
    made = trained(desk)
    assert made.said["sampled"] == made.said["appearances"] == len(entries)
    assert weights(desk, made) == before.model


def test_a_sample_is_the_same_each_time_and_no_larger_than_asked_for(desk: LinkageDesk) -> None:
    many = trained(desk).said["appearances"]
    assert isinstance(many, int)
    one, other = trained(desk, many // 3), trained(desk, many // 3)
    assert one.said == other.said
    assert weights(desk, one) == weights(desk, other)
    assert isinstance(one.said["sampled"], int)
    assert abs(one.said["sampled"] - many // 3) < many // 20


def test_the_weights_of_a_sample_are_near_those_of_everybody(desk: LinkageDesk) -> None:
    whole = trained(desk)
    many = whole.said["appearances"]
    assert isinstance(many, int)
    sample = trained(desk, many // 2)
    apart = np.abs(vector_of(weights(desk, whole)) - vector_of(weights(desk, sample))) / np.log(2)
    assert float(apart.mean()) < 0.5
    prior = weights(desk, whole).prior, weights(desk, sample).prior
    assert abs(prior[0] - prior[1]) < 1.0


def test_only_the_sample_is_held(desk: LinkageDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: it is the sample that is handed on as a list, the others come one by one."""
    handed: list[tuple[int, bool]] = []
    learn = train_model._learn

    def watched(sample: object, others: object, *further: object) -> object:
        handed.append((len(sample), isinstance(others, list)))  # type: ignore[arg-type]
        return learn(sample, others, *further)  # type: ignore[arg-type]

    monkeypatch.setattr(train_model, "_learn", watched)
    many = trained(desk).said["appearances"]
    assert isinstance(many, int)
    trained(desk, many // 3)
    assert handed[0] == (many, False)
    assert handed[1][0] < many // 2
    assert handed[1][1] is False


def test_a_sample_too_small_to_learn_from_is_no_model(desk: LinkageDesk) -> None:
    with pytest.raises(Conflict, match="Too few pairs"):
        trained(desk, 20)


def test_every_record_is_chosen_by_its_key_and_as_often_as_asked_for() -> None:
    drawn = [is_sampled(Appearance(number * 1000 + 1, 0), 0.1) for number in range(20_000)]
    assert 1_800 < sum(drawn) < 2_200
    assert is_sampled(Appearance(5, 0), 0.4) == is_sampled(Appearance(5, 3), 0.4)
    assert all(is_sampled(Appearance(number, 0), 1.0) for number in range(100))
