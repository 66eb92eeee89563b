"""What other registries told, put behind the small country of the pages' tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg

from ibr.protection.blind_index import BlindIndex
from ibr.protection.seal import Sealer
from ibr.sources.told.learn import learn
from ibr.sources.told.model import News
from tests.web_country import KEYRING, WebCountry

SOURCES = {
    "social": "National Social Registry",
    "disability": "Disability Council",
    "civil": "Civil Registration Office",
}
TOLD: tuple[tuple[str, str, Any, int], ...] = (
    ("social", "poverty_score", "31.5", 1),
    ("social", "poverty_score", "45.2", 9),
    ("social", "poverty_score", "45.2", 5),
    ("social", "poverty_score_type", "income-based", 9),
    ("social", "group_size", 4, 9),
    ("social", "address", {"region_code": "R3", "sub_region_code": "D-12"}, 9),
    ("social", "phone_number", ["+254700000001", "+254700000002"], 9),
    ("social", "employment_status", "2", 9),
    ("disability", "is_disabled", True, 3),
    (
        "disability",
        "disability_info",
        [{"type": "MOB_SS", "severity": "3"}, {"type": "VIS_SS", "severity": "2"}],
        3,
    ),
    ("disability", "disability_identifier", "DC-0099-1234", 3),
)
DEATH: tuple[tuple[str, str, Any, int], ...] = (
    ("civil", "death_date", "2026-10-02", 12),
    ("civil", "vital_status", "deceased", 12),
)


async def tell(
    country: WebCountry, uin: str, told: tuple[tuple[str, str, Any, int], ...] = TOLD
) -> None:
    """Keeps news about somebody; each piece as of a day in October."""
    connection = await asyncpg.connect(country.dsn, server_settings={"search_path": "ibr"})
    blind_index = BlindIndex(KEYRING.index)
    try:
        for kind, attribute, value, day in told:
            await learn(
                connection,
                Sealer(KEYRING),
                blind_index,
                await _source(connection, kind),
                [
                    News(
                        subject=blind_index.of("UIN", uin),
                        attribute=attribute,
                        value=value,
                        as_of=datetime(2026, 10, day, 8, tzinfo=UTC),
                    )
                ],
                message_key=b"m" * 32,
                at=datetime(2026, 11, 2, 10, 15, tzinfo=UTC),
            )
    finally:
        await connection.close()


async def _source(connection: asyncpg.Connection, kind: str) -> int:
    await connection.execute(
        """
        insert into partner (sender_id, name, client_id, secret_hash, scopes)
        values ($1 || '.example.org', $2, $1, 'x', '{registry.on-search}') on conflict do nothing
        """,
        kind,
        SOURCES[kind],
    )
    number: int = await connection.fetchval(
        """
        insert into source_registry (partner_id, kind, address, token_address, client_id,
            secret_sealed, reg_type, record_type, event_type, identifier_type, attributes,
            purpose_code, purpose_text, legal_basis, added_at)
        select partner_id, $1, 'https://x', 'https://x', 'c', 'x', 'r', 'p', 'e', 'UIN', '{a}',
               'p', 'p', 'l', now() from partner where client_id = $1
        on conflict (partner_id) do update set kind = excluded.kind
        returning source_id
        """,
        kind,
    )
    return number
