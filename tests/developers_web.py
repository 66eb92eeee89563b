"""The standard as the developers' pages see it, over a test's database, and partners with their
developers and some traced messages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

from nacl.signing import SigningKey

from ibr.access.partners import PartnerBook, add_partner
from ibr.access.staff.add_officer import add_officer
from ibr.clock import now
from ibr.db.pool import Database, open_database, owner_transaction
from ibr.interop.dci.answers import Writer
from ibr.interop.dci.developers_desk import DevelopersDesk
from ibr.interop.dci.services import Services
from ibr.protection.seal import Sealer
from ibr.trace.model import Row, Traced
from ibr.trace.recorder import Recorder
from ibr_messages.diagnose import Diagnosis, Fact, Finding
from ibr_messages.jwk import check_partner_jwk, public_jwk
from ibr_messages.signature import Signer

REGISTRY: Final = "ibr.example.org"
FIRST, SECOND = "spmis-first.example", "spmis-second.example"
CALLBACK: Final = "https://spmis-first.example/callback"
DEVELOPERS: Final = {FIRST: "dev-first@example.org", SECOND: "dev-second@example.org"}
_KEY: Final = SigningKey(bytes(range(32)))


def desk_over(database: Database, sealer: Sealer) -> DevelopersDesk:
    """A desk with everything that the pages ask of it, and nothing that messages need."""
    unused = cast(Any, None)
    services = Services(
        database=database,
        questions=database,
        book=PartnerBook(database),
        envelopes=unused,
        partner_keys=unused,
        tokens=unused,
        writer=Writer(REGISTRY, cast(Any, Signer(REGISTRY, "k", _KEY)), 200),
        sealer=sealer,
        blind_index=unused,
        spool_folder=Path("/tmp"),
        recorder=unused,
        calls=unused,
        enqueue=unused,
    )
    return DevelopersDesk(services, REGISTRY, f"https://{REGISTRY}")


async def add_developers(dsn: str, sealer: Sealer, password: str) -> dict[str, list[str]]:
    """Two partners, a developer of each, and traced messages: the ids of each one's rows."""
    numbers: dict[str, int] = {}
    async with owner_transaction(dsn) as connection:
        for place, (sender, email) in enumerate(DEVELOPERS.items()):
            await add_partner(
                connection,
                sender_id=sender,
                name=f"System of {sender}",
                report=[],
                ask=["all"],
                scopes=["all"],
                signature_policy="required",
                keys=[check_partner_jwk(public_jwk(_KEY.verify_key))],
                jwks_url=None,
                callback_urls=[CALLBACK] if place == 0 else [],
            )
            await add_officer(connection, email, email, "developer", None, password, sender)
            numbers[sender] = await connection.fetchval(
                "select partner_id from ibr.partner where sender_id = $1", sender
            )
    return await _trace(dsn, sealer, numbers)


async def _trace(dsn: str, sealer: Sealer, numbers: dict[str, int]) -> dict[str, list[str]]:
    database = await open_database(dsn, "ibr_app", size=1, name="test trace")
    recorder = Recorder(database, sealer, mode="all", content=True)
    made: dict[str, list[str]] = {"nobody": ["n-0"]}
    for sender, number in numbers.items():
        made[sender] = [f"{number}-{each}" for each in range(3)]
        for each, trace_id in enumerate(made[sender]):
            _note(recorder, _row(trace_id, number, each))
    _note(recorder, _row("n-0", None, 1))
    await recorder.flush()
    await database.close()
    return made


def _note(recorder: Recorder, row: Row) -> None:
    content = f'{{"header": {{"of": "{row.trace_id}"}}, "message": {{}}}}'.encode()
    recorder.note(row.partner_id, lambda _explain: Traced(row, content, b'{"a": 1}'), size=1)


def _row(trace_id: str, partner_id: int | None, number: int) -> Row:
    refused = number == 1
    diagnosis = Diagnosis(
        [Finding("unsorted", "Sort the members by name.")],
        [Fact("digest", "DIGEST="), Fact("lines", "(created): 1\n(expires): 2\ndigest: D")],
    )
    return Row(
        trace_id=trace_id,
        at=now() - timedelta(minutes=number),
        partner_id=partner_id,
        direction="out" if number == 2 else "in",
        path=CALLBACK if number == 2 else "/registry/sync/enrolled",
        verdict="refused" if refused else "accepted",
        signature="wrong" if refused else "ours" if number == 2 else "verified",
        action="on-search" if number == 2 else "search",
        message_id=f"message-{trace_id}",
        transaction_id=f"txn-{trace_id}",
        http_status=200,
        code="signature.invalid" if refused else None,
        standard_code="err.signature.invalid" if refused else None,
        sentence="The signature does not fit header and message." if refused else None,
        diagnosis=diagnosis if refused and partner_id else None,
        kid=None if refused else "key-1",
        bytes=1234,
        milliseconds=7,
    )
