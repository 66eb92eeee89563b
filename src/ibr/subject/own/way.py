"""The way by which people sign in themselves: where it leads, and what it must bring back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ibr.access.openid.flow import claims_back
from ibr.access.openid.model import Begun
from ibr.access.openid.provider import Connector
from ibr.subject.own.model import Wanted
from ibr.subject.own.rules import proved_in
from ibr.subject.visits.model import Proved


class OwnWay(msgspec.Struct, frozen=True):
    """The provider, and what is wanted of it."""

    connector: Connector
    wanted: Wanted


async def proved_back(
    way: OwnWay, begun: Begun, query: dict[str, str], at: datetime
) -> tuple[Proved, str]:
    """What the provider proves of who came back, and what it knows them by."""
    claims = await claims_back(
        way.connector,
        begun,
        query,
        at,
        wanted=(way.wanted.number_claim, way.wanted.birth_claim),
    )
    return proved_in(claims, way.wanted, at), str(claims["sub"])
