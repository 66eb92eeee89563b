"""Who rules the database changes the past: each way of it is found out, and named.

The control of each: the same trail verifies before, and what only the anchor can tell is not found
without it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from ibr.audit.model import Event, canonical_details
from ibr.audit.seals import keys, store
from ibr.audit.seals.anchor import read_anchor
from ibr.audit.seals.merkle import root_of
from ibr.audit.seals.model import NOTHING, Seal, marks_of
from ibr.audit.verify.exported import export, read_proof, verify_export, verify_proof
from ibr.audit.verify.from_database import prove, verify_database
from ibr.audit.verify.model import EventKept
from ibr.clock import now
from ibr.db.pool import owner_transaction
from ibr.errors import NotUnderstood
from tests.audit_desk import AuditDesk, fresh_desk

Attack = Callable[[AuditDesk], None]


@contextmanager
def sealed_three_times(cluster: str, template: str) -> Iterator[AuditDesk]:
    """Three seals with events and look-ups in each."""
    with fresh_desk(cluster, template) as desk:
        for _ in range(3):
            desk.happens(4)
            desk.asks(3)
            desk.seals()
        assert desk.verify(anchor=desk.anchor).broken is None
        yield desk


@pytest.fixture(scope="module")
def three_seals(cluster: str, template: str) -> Iterator[AuditDesk]:
    with sealed_three_times(cluster, template) as desk:
        yield desk


@pytest.fixture
def own(cluster: str, template: str) -> Iterator[AuditDesk]:
    """One that is not made whole again."""
    with sealed_three_times(cluster, template) as desk:
        yield desk


@pytest.fixture
def desk(three_seals: AuditDesk) -> Iterator[AuditDesk]:
    """The same, whole before, and whole again after whatever was done to it."""
    with three_seals.tampering():
        assert three_seals.verify(anchor=three_seals.anchor).broken is None
        yield three_seals


def middle(desk: AuditDesk) -> int:
    """An event of the second seal."""
    return int(
        desk.value(
            "select event_id from ibr.audit_event where event_id >= "
            "(select first_id from ibr.audit_seal where seal_no = 2) order by event_id limit 1"
        )
    )


def update(desk: AuditDesk) -> None:
    desk.owner(
        """update ibr.audit_event set details = '{"code": "ANOTHER"}' where event_id = $1""",
        middle(desk),
    )


def update_with_digest(desk: AuditDesk) -> None:
    """Somebody who knows how digests are made."""
    [row] = desk.owner(
        "select at, kind, actor_kind, actor_id from ibr.audit_event where event_id = $1",
        middle(desk),
    )
    event = Event(*row, canonical_details('{"code": "ANOTHER"}'))
    desk.owner(
        """update ibr.audit_event set details = '{"code": "ANOTHER"}', digest = $2
        where event_id = $1""",
        middle(desk),
        event.digest,
    )


def update_actor(desk: AuditDesk) -> None:
    desk.owner(
        "update ibr.audit_event set actor_kind = 'officer', actor_id = 3 where event_id = $1",
        middle(desk),
    )


def delete(desk: AuditDesk) -> None:
    desk.owner("delete from ibr.audit_event where event_id = $1", middle(desk))


def insert(desk: AuditDesk) -> None:
    """An event between two others, under a number that was rolled back."""
    gap = desk.value("select gaps from ibr.audit_seal where seal_no = 2")
    event = Event(now(), "programme.added", "registry", None, b"{}")
    desk.owner(
        "insert into ibr.audit_event (event_id, at, kind, actor_kind, details, digest) "
        "values ($1, $2, $3, 'registry', '{}', $4)",
        gap[0],
        event.at,
        event.kind,
        event.digest,
    )


def swap(desk: AuditDesk) -> None:
    one = middle(desk)
    for old, new in ((one, -1), (one + 1, one), (-1, one + 1)):
        desk.owner("update ibr.audit_event set event_id = $2 where event_id = $1", old, new)


def change_look_up(desk: AuditDesk) -> None:
    desk.owner(
        "update ibr.question_asked set purpose_code = 'complaint' where batch_id = "
        "(select max(batch_id) from ibr.ledger_batch)"
    )


def change_whom(desk: AuditDesk) -> None:
    desk.owner(
        "update ibr.question_asked set subject_index = $1 where subject_index = "
        "(select subject_index from ibr.question_asked limit 1)",
        b"s" * 16,
    )


def delete_look_up(desk: AuditDesk) -> None:
    desk.owner(
        "delete from ibr.question_asked where subject_index = "
        "(select subject_index from ibr.question_asked limit 1)"
    )


def delete_whole_question(desk: AuditDesk) -> None:
    newest = desk.value("select max(batch_id) from ibr.ledger_batch")
    desk.owner("delete from ibr.question_asked where batch_id = $1", newest)
    desk.owner("delete from ibr.ledger_batch where batch_id = $1", newest)


def insert_look_up(desk: AuditDesk) -> None:
    desk.owner(
        "insert into ibr.question_asked (subject_index, asked_at, question_id, question, "
        "purpose_code, answer, batch_id) select 'x', now(), gen_random_uuid(), 'enrolled', "
        "'audit', 'yes', max(batch_id) from ibr.ledger_batch"
    )


def insert_look_up_of_before(desk: AuditDesk) -> None:
    desk.owner(
        "insert into ibr.question_asked (subject_index, asked_at, question_id, question, "
        "purpose_code, answer) values ('x', now(), gen_random_uuid(), 'enrolled', 'audit', 'yes')"
    )


def insert_look_up_of_no_batch(desk: AuditDesk) -> None:
    desk.owner(
        "update ibr.question_asked set batch_id = batch_id + 1000000 where subject_index = "
        "(select subject_index from ibr.question_asked limit 1)"
    )


def change_seal(desk: AuditDesk) -> None:
    desk.owner("update ibr.audit_seal set root = $1 where seal_no = 2", hashlib.sha256().digest())


def remove_seal(desk: AuditDesk) -> None:
    desk.owner("delete from ibr.audit_seal where seal_no = 2")


def move_seal(desk: AuditDesk) -> None:
    """The last seal's chain is cut and tied to another."""
    desk.owner("update ibr.audit_seal set previous = $1 where seal_no = 3", NOTHING)


@pytest.mark.parametrize(
    ("attack", "what", "seal"),
    [
        (update, "event_changed", 2),
        (update_with_digest, "event_swapped", 2),
        (update_actor, "event_changed", 2),
        (delete, "event_missing", 2),
        (swap, "event_swapped", 2),
        (change_look_up, "asked_changed", 3),
        (change_whom, "asked_changed", None),
        (delete_look_up, "asked_missing", None),
        (delete_whole_question, "event_missing", 3),
        (insert_look_up, "asked_inserted", 3),
        (insert_look_up_of_before, "asked_inserted", 1),
        (insert_look_up_of_no_batch, "asked_missing", None),
        (change_seal, "seal_changed", 2),
        (remove_seal, "seal_missing", 2),
        (move_seal, "chain_broken", 3),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_changed_in_place_is_named(
    desk: AuditDesk, attack: Attack, what: str, seal: int | None
) -> None:
    attack(desk)
    broken = desk.verify().broken
    assert broken is not None
    assert broken.what == what
    assert seal is None or broken.seal == seal
    assert broken.words.strip()


@pytest.mark.parametrize("attack", [update, update_with_digest, delete])
def test_the_very_row_is_named(desk: AuditDesk, attack: Attack) -> None:
    row = middle(desk)
    attack(desk)
    broken = desk.verify().broken
    assert broken is not None
    assert broken.row == row
    assert str(row) in broken.words


def test_an_event_put_where_a_number_was_rolled_back_is_named(cluster: str, template: str) -> None:
    with fresh_desk(cluster, template) as desk:
        desk.seals()
        desk.owner("select nextval('ibr.audit_event_id')")
        desk.happens(2)
        desk.seals()
        desk.seals()
        assert desk.verify().broken is None
        insert(desk)
        broken = desk.verify().broken
        assert broken is not None
        assert (broken.what, broken.seal) == ("event_inserted", 2)


def cut_tail(desk: AuditDesk) -> None:
    """The newest events and their seal are gone, and everything says so."""
    first = desk.value("select first_id from ibr.audit_seal where seal_no = 3")
    desk.owner("delete from ibr.question_asked where batch_id >= $1", first)
    desk.owner("delete from ibr.ledger_batch where batch_id >= $1", first)
    desk.owner("delete from ibr.audit_event where event_id >= $1", first)
    desk.owner("delete from ibr.audit_seal where seal_no = 3")
    desk.owner("update ibr.audit_sealing set last_id = $1 - 1", first)


def roll_back_and_go_on(desk: AuditDesk) -> None:
    """Yesterday's database, sealed on by a registry that cannot reach its anchor."""
    cut_tail(desk)
    desk.happens(5)
    elsewhere = desk.folder / "elsewhere.jsonl"
    desk.run(desk.sealing(elsewhere).run(now(), at_once=True))


def seal_again_with_another_key(desk: AuditDesk) -> None:
    """Everything is sealed anew by somebody who makes a key of his own, as well as it can be."""
    update_with_digest(desk)

    async def work() -> None:
        async with owner_transaction(desk.dsn) as owner:
            await owner.execute("alter table ibr.audit_seal drop constraint audit_seal_kid_fkey")
            await owner.execute("delete from ibr.audit_key")
            key = await keys.make_key(owner, desk.sealer, None, now())
            await owner.execute(
                "delete from ibr.audit_event where kind = 'audit.key_made' "
                "and event_id > (select last_id from ibr.audit_sealing)"
            )
            signer = await keys.signer(owner, desk.sealer)
            await owner.execute("set local search_path = ibr")
            before: Seal | None = None
            for old in await store.seals_after(owner, 0, 100):
                members = await store.members_between(owner, old.first_id - 1, old.last_id, 1000)
                leaves = [each.leaf for each in members]
                seal = msgspec.structs.replace(
                    old,
                    root=root_of(leaves),
                    marks=marks_of(leaves),
                    previous=before.digest if before else NOTHING,
                    kid=key.kid,
                )
                seal = msgspec.structs.replace(seal, signature=signer.sign(seal.statement))
                await owner.execute("delete from ibr.audit_seal where seal_no = $1", old.number)
                await store.add_seals(owner, [seal])
                before = seal

    desk.run(work())


@pytest.mark.parametrize(
    ("attack", "what"),
    [
        (cut_tail, "rolled_back"),
        (roll_back_and_go_on, "resealed"),
        (seal_again_with_another_key, "other_key"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_is_replaced_as_a_whole_is_found_by_the_anchor(
    own: AuditDesk, attack: Attack, what: str
) -> None:
    attack(own)
    broken = own.verify(anchor=own.anchor).broken
    assert broken is not None
    assert broken.what == what
    # Without the anchor it cannot be told: that it is written outside is what proves it.
    assert own.verify().broken is None


def test_a_part_can_be_verified_by_itself(desk: AuditDesk) -> None:
    report = desk.verify(anchor=desk.anchor, since="2", until="2")
    assert (report.first, report.last, report.broken) == (2, 2, None)
    today = now().date().isoformat()
    assert desk.verify(since=today, until=today).seals == 3
    update(desk)
    assert desk.verify(since="3").broken is None
    assert desk.verify(since="2", until="2").broken is not None
    with pytest.raises(NotUnderstood):
        desk.verify(since="yesterday")


def exported(desk: AuditDesk) -> Path:
    path = desk.folder / f"{uuid.uuid4().hex}.jsonl"
    with path.open("xb") as out:
        desk.run(export(desk.app, out, None, now()))
    return path


def test_an_export_is_verified_without_database_and_keyring(desk: AuditDesk) -> None:
    path = exported(desk)
    report = verify_export(path, read_anchor(desk.anchor))
    assert (report.broken, report.seals, report.asked, report.anchored) == (None, 3, 9, 3)


def test_an_export_tells_nobody_whom_it_was_about(desk: AuditDesk) -> None:
    text = exported(desk).read_text()
    for row in desk.owner("select subject_index from ibr.question_asked"):
        assert row[0].hex() not in text
    assert "before paying" not in text


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"P2"', b'"P9"', "event_changed"),
        (b'"enrolment_check"', b'"complaint"', "asked_changed"),
        (b'"members":6', b'"members":5', "seal_changed"),
    ],
)
def test_an_export_that_was_changed_is_found_out(
    desk: AuditDesk, old: bytes, new: bytes, what: str
) -> None:
    path = exported(desk)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    broken = verify_export(path).broken
    assert broken is not None
    assert broken.what == what


def test_an_export_that_was_cut_off_is_found_out(desk: AuditDesk) -> None:
    path = exported(desk)
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in (len(lines) - 1, len(lines) // 2):
        path.write_bytes(b"".join(lines[:kept]))
        broken = verify_export(path).broken
        assert broken is not None
        assert broken.what in ("export_cut", "event_missing")
    path.write_bytes(b"no export")
    with pytest.raises(NotUnderstood):
        verify_export(path)


def test_a_broken_trail_is_exported_as_it_is_and_found_out_there(own: AuditDesk) -> None:
    delete(own)
    broken = verify_export(exported(own)).broken
    assert broken is not None
    assert (broken.what, broken.seal) == ("event_missing", 2)


def test_one_event_is_proven_without_the_others(desk: AuditDesk) -> None:
    number = middle(desk)
    proof = desk.run(prove(desk.app, number))
    path = desk.folder / "proof.json"
    path.write_bytes(msgspec.json.encode(proof))
    assert verify_proof(read_proof(path), read_anchor(desk.anchor)).broken is None
    assert isinstance(proof.kept, EventKept)
    other = msgspec.structs.replace(proof.kept, kind="partner.added")
    forged = msgspec.structs.replace(proof, kept=other)
    broken = verify_proof(forged).broken
    assert broken is not None
    assert broken.what == "event_changed"
    moved = msgspec.structs.replace(proof, place=proof.place + 1)
    assert verify_proof(moved).broken is not None


def test_a_batch_of_the_ledger_is_proven_too(desk: AuditDesk) -> None:
    batch = desk.value("select max(batch_id) from ibr.ledger_batch")
    proof = desk.run(prove(desk.app, batch))
    assert verify_proof(proof, read_anchor(desk.anchor)).broken is None


def test_an_export_of_another_registry_is_not_this_anchors(
    desk: AuditDesk, cluster: str, template: str
) -> None:
    with fresh_desk(cluster, template) as other:
        other.happens()
        other.seals()
        broken = verify_export(exported(desk), read_anchor(other.anchor)).broken
        assert broken is not None
        assert broken.what == "other_key"


def test_verifying_changes_nothing_and_reads_as_the_auditor(desk: AuditDesk) -> None:
    before = desk.owner("select * from ibr.audit_sealing")
    desk.run(verify_database(desk.jobs))
    assert desk.owner("select * from ibr.audit_sealing") == before
