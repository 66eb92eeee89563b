"""Builders of what linkage compares: a person as one record shows them, and models."""

from __future__ import annotations

from typing import Any

import msgspec

from ibr.identity.features.skeleton import skeleton
from ibr.identity.model import Appearance, Features, Number, Weighed
from ibr.identity.weights.comparisons import COMPARISONS


def skeletons_of(name: str) -> str:
    return " ".join(filter(None, map(skeleton, name.split())))


def someone(**said: Any) -> Features:
    """A person with names, a birth date, a sex and a village; say what is otherwise."""
    known = {
        "given": "karim",
        "father": "hassan",
        "family": "rashid",
        "sex": 1,
        "birth": "1990-04-05",
        "region": "R1",
        "district": "R1-D1",
        "place": "brml",
    } | said
    names = [known.get("given", ""), known.get("family", ""), known.get("maiden", "")]
    return Features(
        **known,
        given_skeleton=skeletons_of(known["given"]),
        father_skeleton=skeletons_of(known["father"]),
        family_skeleton=skeletons_of(known["family"]),
        names=tuple(sorted(skeletons_of(" ".join(names)).split())),
    )


def number(token: int, *near: int, kind: str = "UIN") -> Number:
    return Number(kind, token, near)


def at(record: int, place: int = 0) -> Appearance:
    return Appearance(record, place)


def pair(low: int, high: int, weight: float, **places: int) -> Weighed:
    """Two records' own persons that weigh so much."""
    one, other = at(low, places.get("low_no", 0)), at(high, places.get("high_no", 0))
    return Weighed(one, other, weight, (0,) * len(COMPARISONS))


def changed(features: Features, **said: Any) -> Features:
    return msgspec.structs.replace(features, **said)
