"""What stands under an identifier: the records that carry it with their status, and those that
people have confirmed to be of the same person."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ibr.db.pool import Connection
from ibr.registry.enrolment import store


class Probe(msgspec.Struct, frozen=True):
    """One look-up: an identifier's blind index in one programme."""

    blind_index: bytes
    programme_id: int


class Standing(msgspec.Struct, frozen=True):
    """One record found: its status, where the identifier or the person stands in it, its unit."""

    status: int
    role: int
    assistance_unit: int


async def find_enrolled(
    connection: Connection, probes: Sequence[Probe]
) -> list[tuple[int, Standing]]:
    """Every record found, with the number of the probe that found it."""
    rows = await store.probe_index(
        connection,
        [probe.blind_index for probe in probes],
        [probe.programme_id for probe in probes],
    )
    return [(number, Standing(status, role, unit)) for number, status, role, unit in rows]
