"""A pretend programme system: the client that vendors get, with the keys of a made-up partner."""

from __future__ import annotations

from typing import Final

import httpx
import msgspec

import ibr_client
from ibr.demo.cycles import Delivery
from ibr.errors import Unavailable
from ibr_client import AsyncRegistryClient, ClientError, Options, Report

# A delivery of a programme is one message, however many records it holds.
_MOST_RECORDS: Final = 1_000_000
_MOST_BYTES: Final = 1 << 40


class Credentials(msgspec.Struct):
    """What a partner of the made-up country signs in and signs with; for the demo only."""

    sender_id: str
    client_id: str
    client_secret: str
    signing_seed: str


class ProgrammeSystem:
    """One partner's system, talking to a registry over HTTP."""

    def __init__(
        self, address: str, registry_id: str, credentials: Credentials, http: httpx.AsyncClient
    ) -> None:
        own = ibr_client.Credentials(
            sender_id=credentials.sender_id,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            key=credentials.signing_seed,
        )
        # The demo's registry may listen for the whole network; all data is made up.
        options = Options(plain_http=True)
        self._client = AsyncRegistryClient(address, registry_id, own, options, http=http)

    async def report(self, delivery: Delivery) -> Report:
        """Posts one delivery as of its moment; what became of each record. Unavailable where the
        registry took none of it."""
        try:
            return await self._client.report(
                delivery.records,
                cycle=delivery.cycle,
                as_of=delivery.timestamp,
                most_records=_MOST_RECORDS,
                most_bytes=_MOST_BYTES,
            )
        except ClientError as failed:
            raise Unavailable("demo.refused", failed.message) from failed
