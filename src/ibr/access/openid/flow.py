"""A sign-in at a provider: begun here, proven there, and back with what it says of somebody."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from ibr.access.openid.model import Begun, Claims
from ibr.access.openid.provider import Connector
from ibr.access.openid.rules import check_claims, code_in, way_there


def begin(after: str, *, again: bool) -> Begun:
    """A fresh way there; `again` has the provider ask for a proof even of whom it knows."""
    return Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        after=after,
        again=again,
    )


async def address_there(connector: Connector, begun: Begun) -> str:
    """Where the browser goes to sign in."""
    return way_there(connector.place, await connector.provider(), begun)


async def claims_back(
    connector: Connector,
    begun: Begun,
    query: dict[str, str],
    at: datetime,
    *,
    wanted: Sequence[str],
    beside: Sequence[str] = (),
) -> Claims:
    """What the provider says of who came back, proven; NotProven with a reason when anything of it
    does not hold. What is `wanted` and not in the token is asked for, with what stands `beside`."""
    provider = await connector.provider()
    answered = await connector.exchange(code_in(query, begun, provider), begun.verifier)
    claims = await connector.proven(answered.id_token)
    check_claims(claims, connector.place, begun, at)
    if answered.access_token and any(name not in claims for name in wanted):
        told = await connector.more_of(claims["sub"], answered.access_token)
        claims = {name: told[name] for name in (*wanted, *beside) if name in told} | claims
    return claims
