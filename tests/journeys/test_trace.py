"""What the trace keeps of messages at the door: enough to mend them, for their partner alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from nacl.signing import SigningKey

from ibr.clock import now
from ibr.db.pool import Database, open_database
from ibr.interop.dci.traced import Trace
from ibr.protection.seal import Sealer
from ibr.trace.look import one, tidy
from ibr.trace.recorder import Recorder
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from tests import people
from tests.door import ENROLLED, TOKEN, UPDATES, Door, System

Row = dict[str, Any]


class Traced:
    """The trace of the messages that were sent while it was on."""

    def __init__(self, door: Door, recorder: Recorder) -> None:
        self.door = door
        self.recorder = recorder

    def rows(self) -> list[Row]:
        """The rows so far, in the order of the messages."""
        self.door.run(self.recorder.flush())
        found = self.door.owner("select * from message_trace order by at, trace_id")
        return [dict(each) for each in found]

    def only(self) -> Row:
        [row] = self.rows()
        return row


@contextmanager
def traced(
    door: Door, mode: Any = "refused", *, content: bool = False, **most: int
) -> Iterator[Traced]:
    """Turns the trace on at the door."""
    services = door.services
    recorder = Recorder(services.database, services.sealer, mode=mode, content=content, **most)
    door.owner("truncate message_trace, trace_day")
    door.app._trace = Trace(recorder, services.book, services.tokens)
    try:
        yield Traced(door, recorder)
    finally:
        door.app._trace = None


@pytest.fixture
def system(door: Door) -> System:
    return door.partner()


def number_of(door: Door, system: System) -> int:
    [row] = door.owner("select partner_id from partner where sender_id = $1", system.sender_id)
    return row["partner_id"]


def unsorted(system: System) -> bytes:
    """A question signed without sorting its members."""
    whole = json.loads(system.question("1", "DCI001"))
    turned = {
        "message": whole["message"],
        "header": dict(reversed(list(whole["header"].items()))),
    }
    signature = system.signer.sign(json.dumps(turned, separators=(",", ":")).encode(), time.time())
    return json.dumps({"signature": signature, **turned}).encode()


def causes(row: Row) -> list[str]:
    return [each["cause"] for each in json.loads(row["diagnosis"])["findings"]]


def test_a_refused_message_is_kept_with_its_reason(door: Door, system: System) -> None:
    with traced(door) as trace:
        answer = system.post(ENROLLED, unsorted(system))
        row = trace.only()
    assert (answer.status, answer.error) == (200, "err.signature.invalid")
    assert row["partner_id"] == number_of(door, system)
    assert (row["direction"], row["path"], row["action"]) == ("in", ENROLLED, "search")
    assert (row["verdict"], row["signature"]) == ("refused", "wrong")
    assert (row["code"], row["standard_code"]) == ("signature.invalid", "err.signature.invalid")
    assert row["sentence"] == answer.text
    assert causes(row) == ["unsorted"]
    assert (row["content"], row["answer"]) == (None, None)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("/registry/sync/person/2907461835", "/registry/sync/…/…"),
        ("/registry/Amina-Haddad", "/registry/…"),
        # A slip in a word of ours is what its developer looks for.
        ("/registry/sync/enroled", "/registry/sync/enroled"),
    ],
)
def test_an_address_that_is_none_keeps_no_value(
    door: Door, system: System, asked: str, kept: str
) -> None:
    with traced(door) as trace:
        assert system.post(asked, b"{}").status == 404
        assert [row["path"] for row in trace.rows()] == [kept]


def test_an_accepted_question_leaves_no_trace_and_costs_nothing(door: Door, system: System) -> None:
    with traced(door) as trace:
        assert system.ask("1", "DCI001").says == ["no"]
        assert len(trace.recorder._waiting) == 0
        assert trace.rows() == []


def test_control_it_would_be_kept_where_all_are(door: Door, system: System) -> None:
    with traced(door, "all") as trace:
        system.ask("1", "DCI001")
        row = trace.only()
    assert (row["verdict"], row["signature"], row["kid"]) == ("accepted", "verified", system.kid)
    assert (row["code"], row["diagnosis"]) == (None, None)


def test_nothing_is_kept_where_the_trace_is_off(door: Door, system: System) -> None:
    with traced(door, "off") as trace:
        system.post(ENROLLED, unsorted(system))
        system.ask("1", "DCI001")
        assert trace.rows() == []


def test_a_message_of_who_need_not_sign_is_told_apart(door: Door) -> None:
    system = door.partner(signature="off")
    with traced(door, "all") as trace:
        system.ask("1", "DCI001")
        assert trace.only()["signature"] == "off"


def test_an_expired_token_is_its_partners_and_a_foreign_one_nobodys(
    door: Door, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.services.tokens, "_life", -5)
    old = door.services.tokens.make(system.credentials["client_id"], frozenset())
    with traced(door) as trace:
        expired = system.post(ENROLLED, b"{}", authorization=f"Bearer {old}")
        foreign = system.post(ENROLLED, b"{}", authorization="Bearer eyJ.e30.x")
        none = system.post(ENROLLED, b"{}", authorization=None)
        first, second, third = trace.rows()
    assert {expired.status, foreign.status, none.status} == {401}
    assert (first["code"], first["partner_id"]) == ("token.expired", number_of(door, system))
    assert (second["code"], second["partner_id"]) == ("token.invalid", None)
    assert (third["code"], third["partner_id"]) == ("token.missing", None)


def test_a_missing_scope_is_told_to_its_partner(door: Door) -> None:
    system = door.partner(scopes=["registry.search"])
    with traced(door) as trace:
        assert system.ask("1", "DCI001").status == 403
        row = trace.only()
    assert (row["code"], row["partner_id"]) == ("scope.missing", number_of(door, system))


REFUSED: dict[str, tuple[Any, str, str]] = {
    "malformed": (lambda s: b"{", "message.json", "unchecked"),
    "unsigned": (
        lambda s: json.dumps({**json.loads(s.question("1", "DCI001")), "signature": ""}).encode(),
        "signature.missing",
        "wrong",
    ),
    "action": (
        lambda s: s.question("1", "DCI001", action="subscribe"),
        "message.action",
        "unchecked",
    ),
    "sender": (
        lambda s: s.question("1", "DCI001", sender_id="somebody"),
        "message.sender",
        "unchecked",
    ),
    "programme": (lambda s: s.question("1", "NONE"), "programme.not_allowed", "verified"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_each_refusal_says_how_far_the_message_came(door: Door, system: System, name: str) -> None:
    make, code, signature = REFUSED[name]
    with traced(door) as trace:
        system.post(ENROLLED, make(system))
        row = trace.only()
    assert (row["code"], row["signature"]) == (code, signature)


def test_another_sender_in_the_header_is_explained(door: Door, system: System) -> None:
    with traced(door) as trace:
        system.post(ENROLLED, system.question("1", "DCI001", sender_id="somebody"))
        assert causes(trace.only()) == ["header_sender"]


def test_a_small_delivery_is_looked_into_and_a_large_one_is_not(door: Door, system: System) -> None:
    other = Signer(system.sender_id, system.kid, SigningKey.generate())
    few = [people.enrolled("1", "DCI001")]
    many = [people.enrolled(str(each), "DCI001") for each in range(200)]
    system.signer = other
    with traced(door) as trace:
        small = system.report(*few)
        large = system.report(*many)
        first, second = trace.rows()
    assert {small.error, large.error} == {"err.signature.invalid"}
    assert causes(first) == ["does_not_fit"]
    assert causes(second) == ["too_large"]
    assert (second["code"], second["signature"]) == ("signature.invalid", "wrong")
    assert second["bytes"] > 65_536
    assert (first["path"], second["path"]) == (UPDATES, UPDATES)
    assert second["verdict"] == "refused"


def test_an_accepted_delivery_is_kept_as_verified(door: Door, system: System) -> None:
    with traced(door, "all") as trace:
        system.report(people.enrolled("9001", "DCI001"))
        row = trace.only()
    assert (row["verdict"], row["signature"], row["kid"]) == ("accepted", "verified", system.kid)


def form(system: System, secret: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": system.credentials["client_id"],
        "client_secret": secret,
    }


def test_no_secret_and_no_token_is_ever_kept(door: Door, system: System) -> None:
    secret = system.credentials["client_secret"]
    with traced(door, "all", content=True) as trace:
        given = door.request("POST", TOKEN, data=form(system, secret))
        door.request("POST", TOKEN, data=form(system, "wrong"))
        right, wrong = trace.rows()
    assert given.status == 200
    assert (right["partner_id"], right["verdict"]) == (number_of(door, system), "accepted")
    assert (wrong["partner_id"], wrong["verdict"]) == (None, "refused")
    for row in (right, wrong):
        assert (row["content"], row["answer"]) == (None, None)
        assert secret not in str(row)
        assert given.body["access_token"] not in str(row)


def test_a_message_is_kept_sealed_where_the_deployment_says_so(door: Door, system: System) -> None:
    body = unsorted(system)
    with traced(door, content=True) as trace:
        system.post(ENROLLED, body)
        row = trace.only()
    assert body not in row["content"]
    found = door.run(_opened(door.services.database, door.services.sealer, row["trace_id"]))
    assert found == body


async def _opened(database: Database, sealer: Sealer, trace_id: str) -> bytes | None:
    async with database.transaction(()) as connection:
        found = await one(connection, sealer, trace_id, None)
    return found.content if found else None


def test_ids_are_cut_and_made_printable(door: Door, system: System) -> None:
    wild = "x\n\u202e" + "y" * 500
    body = system.question("1", "DCI001", message_id=wild, action="subscribe")
    with traced(door) as trace:
        system.post(ENROLLED, body)
        row = trace.only()
    assert len(row["message_id"]) == 200
    assert "\n" not in row["message_id"]
    assert "\u202e" not in row["message_id"]


def test_a_flood_of_one_partner_is_bounded_and_harms_no_other(door: Door, system: System) -> None:
    other = door.partner()
    with traced(door, rows_a_day=20) as trace:
        for _ in range(3):
            for _ in range(30):
                system.post(ENROLLED, b"{")
            trace.rows()
        other.post(ENROLLED, unsorted(other))
        rows = trace.rows()
    mine = [row for row in rows if row["partner_id"] == number_of(door, system)]
    assert len(mine) == 20
    assert len(rows) == 21
    [day] = door.owner("select seen from trace_day where partner_id = $1", number_of(door, system))
    assert day["seen"] == 90


def test_control_without_a_bound_every_row_is_kept(door: Door, system: System) -> None:
    with traced(door) as trace:
        for _ in range(30):
            system.post(ENROLLED, b"{")
        assert len(trace.rows()) == 30


def test_nobodys_flood_is_bounded_too(door: Door, system: System) -> None:
    with traced(door, rows_a_day=5) as trace:
        for _ in range(12):
            system.post(ENROLLED, b"{}", authorization="Bearer x")
        assert len(trace.rows()) == 5


def test_content_beyond_a_days_measure_is_left_out(door: Door, system: System) -> None:
    with traced(door, content=True, content_a_day=1) as trace:
        system.post(ENROLLED, unsorted(system))
        row = trace.only()
    assert row["content"] is None
    assert causes(row) == ["unsorted"]


def test_only_a_few_signatures_are_looked_into_at_once(door: Door, system: System) -> None:
    with traced(door) as trace:
        for _ in range(5):
            system.post(ENROLLED, unsorted(system))
        found = [causes(row) for row in trace.rows()]
    assert found.count(["unsorted"]) == 2
    assert found.count(["busy"]) == 3


def test_what_waits_in_memory_is_bounded(door: Door, system: System) -> None:
    with traced(door) as trace:
        for number in range(2_500):
            trace.recorder.note(1, lambda explain: None, size=number % 2)  # type: ignore[arg-type,return-value]
        assert len(trace.recorder._waiting) == 2_000
        trace.recorder._waiting.clear()
        trace.recorder.note(1, lambda explain: None, size=64 * 1024 * 1024)  # type: ignore[arg-type,return-value]
        assert len(trace.recorder._waiting) == 0


def test_a_trace_that_cannot_be_written_changes_no_answer(door: Door, system: System) -> None:
    with traced(door) as trace:
        door.owner("revoke insert on message_trace from ibr_app")
        try:
            answer = system.post(ENROLLED, unsorted(system))
            assert trace.rows() == []
        finally:
            door.owner("grant insert on message_trace to ibr_app")
        assert answer.error == "err.signature.invalid"
        system.post(ENROLLED, unsorted(system))
        assert len(trace.rows()) == 1


def test_nobody_but_the_tidy_job_may_delete_and_nobody_may_change_a_row(door: Door) -> None:
    rows = door.owner(
        """
        select grantee, privilege_type from information_schema.role_table_grants
        where table_name = 'message_trace' and grantee like 'ibr_%' and grantee <> 'ibr_owner'
        """
    )
    granted = {(row["grantee"], row["privilege_type"]) for row in rows}
    assert ("ibr_worker", "DELETE") in granted
    assert ("ibr_app", "DELETE") not in granted
    assert not {each for each in granted if each[1] == "UPDATE"}
    assert {each[0] for each in granted} == {"ibr_app", "ibr_worker"}


def test_a_key_that_was_not_named_is_recognised(door: Door, system: System) -> None:
    second = SigningKey.generate()
    jwk = public_jwk(second.verify_key)
    door.owner(
        """
        insert into partner_key (partner_id, kid, public_jwk, algorithm, not_before)
        select partner_id, $2, $3, 'ed25519', now() - interval '1 hour'
        from partner where sender_id = $1
        """,
        system.sender_id,
        jwk["kid"],
        json.dumps({**jwk, "alg": "ed25519"}),
    )
    door.run(door.services.book.refresh(0))
    system.signer = Signer(system.sender_id, system.kid, second)
    with traced(door) as trace:
        system.post(ENROLLED, system.question("1", "DCI001"))
        assert causes(trace.only()) == ["key_other"]


def test_rows_are_forgotten_after_fourteen_days(door: Door, system: System) -> None:
    with traced(door) as trace:
        for _ in range(3):
            system.post(ENROLLED, b"{")
        old, kept, _ = (row["trace_id"] for row in trace.rows())
    door.owner("update message_trace set at = at - interval '15 days' where trace_id = $1", old)
    door.owner("update message_trace set at = at - interval '13 days' where trace_id = $1", kept)
    assert door.run(_tidied(door)) == 1
    left = {row["trace_id"] for row in door.owner("select trace_id from message_trace")}
    assert old not in left
    assert kept in left
    assert len(left) == 2


async def _tidied(door: Door) -> int:
    worker = await open_database(door.dsn, "ibr_worker", size=1, name="tidy")
    try:
        async with worker.transaction(()) as connection:
            return await tidy(connection, now())
    finally:
        await worker.close()
