"""A model is kept as JSON and comes back the same, or is refused."""

from __future__ import annotations

import msgspec
import pytest

from ibr.errors import NotUnderstood
from ibr.identity.weights.model import LinkageModel, check, decode, encode
from ibr.identity.weights.starting import starting_model


def test_a_model_comes_back_the_same() -> None:
    model = msgspec.structs.replace(starting_model(), bands={12: 3, 7: 2})
    assert decode(encode(model)) == model


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        decode(b'{"prior": "heavy"}')


def test_a_model_of_other_levels_is_refused() -> None:
    model = starting_model()
    with pytest.raises(NotUnderstood):
        check(msgspec.structs.replace(model, weights=model.weights[1:]))


def test_a_model_that_scores_blanks_is_refused() -> None:
    model: LinkageModel = starting_model()
    first = model.weights[0]
    unknown = msgspec.structs.replace(first.levels[0], bits=0.5)
    scored = msgspec.structs.replace(first, levels=(unknown, *first.levels[1:]))
    with pytest.raises(NotUnderstood):
        check(msgspec.structs.replace(model, weights=(scored, *model.weights[1:])))
    check(model)
