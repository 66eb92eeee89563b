"""The promises, checked after a run: each is a sentence, and what breaks it is said in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import msgspec

from ibr.audit.seals.anchor import FileAnchor, read_anchor
from ibr.audit.seals.seal_due import Sealing
from ibr.audit.verify.from_database import verify_database
from ibr.db.pool import open_database
from ibr.outbox.put import opened
from ibr.outbox.rules import MOST_TRIES
from ibr.protection.blind_index import BlindIndex
from ibr.protection.keyring import Keyring, open_keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings
from tests import plain_merge
from tests.door import UPDATES, Json
from tests.simulation.ground import Ground
from tests.simulation.receivers import Arrival, Receivers
from tests.simulation.senders import Senders, Sent, uin
from tests.simulation.world import World

_DELIVERIES: Final = "select message_key, state, records, stored, unchanged from delivery"
_ENROLMENTS: Final = """
    select k.record_key, e.status, e.status_at, e.as_of, e.benefit_count, e.benefit_total
    from enrolment e join record_key k using (record_id)
"""
_HISTORY: Final = """
    select k.record_key, s.changed_at, s.status from status_change s
    join record_key k using (record_id)
"""
_BENEFITS: Final = """
    select k.record_key, b.given_at, b.value_minor
    from benefit b join record_key k using (record_id)
"""
_REQUESTS: Final = """
    select a.message_key, a.answered_at, m.correlation_id,
           (select count(*) from outgoing_message o where o.correlation_id = m.correlation_id)
               as promises,
           (select count(*) from question_asked q where q.message_key = a.message_key) as asked
    from accepted_request a join message_received m using (message_key)
"""
# A lease may outlast its holder, but not its own end by more than the longest sleep of a worker.
_LEASES: Final = """
    select count(*) from (
        select leased_until from job where done_at is null and gave_up_at is null
        union all
        select leased_until from outgoing_message where state = 'waiting'
    ) as held
    where leased_until < $1::timestamptz - interval '15 seconds'
"""
# Beside what was sent in the run: the ground has one request for each of its subscriptions.
_EVENTS: Final = "select kind, count(*) as count from audit_event group by kind"
_MESSAGES: Final = """
    select message_no, message_id, kind, address, state, attempts, last_outcome, stream,
           correlation_id, content
    from outgoing_message order by message_no
"""
_CHANGED: Final = """
    select distinct k.record_key from change c join record_key k using (record_id)
    join programme p using (programme_id)
    where p.code = 'DCI001' and c.kind = 'status_changed'
"""


class Found(msgspec.Struct):
    """What a run left behind, and what was wrong with it."""

    world: World
    ground: Ground
    keyring: Keyring
    senders: Senders
    receivers: Receivers
    broken: list[str] = []

    def rows(self, statement: str) -> list[Any]:
        return self.world.side.fetch(statement)

    def say(self, sentence: str) -> None:
        self.broken.append(sentence)


def broken_promises(
    world: World, ground: Ground, settings: Settings, senders: Senders, receivers: Receivers
) -> list[str]:
    """Every promise that this run broke; none where all is well."""
    keyring = open_keyring(settings.data_dir / "keys", create=False)
    found = Found(world, ground, keyring, senders, receivers)
    for check in CHECKS:
        check(found)
    return found.broken


def _check_deliveries(found: Found) -> None:
    """What was acknowledged is there as a whole and once; what was refused is not there."""
    rows = {row["message_key"]: row for row in found.rows(_DELIVERIES)}
    sent = {each.key: each for each in found.senders.sent if each.path == UPDATES}
    for key, each in sent.items():
        row = rows.get(key)
        if each.answer is not None and (row is None or row["state"] != "done"):
            found.say("safety: an acknowledged delivery is not there")
        if each.not_taken_in and row is not None:
            found.say(f"safety: a delivery refused with {each.refused} is there")
        if row is not None and row["state"] != "done":
            found.say(f"liveness: a delivery was left {row['state']}")
        if row is not None and row["records"] != len(each.records):
            found.say(f"safety: {row['records']} of {len(each.records)} records were merged")
    if len(rows) != len(set(rows) & set(sent)):
        found.say("safety: there is a delivery that nobody sent, or one twice")


def _taken_in(found: Found) -> list[Sent]:
    """The deliveries that were taken in, whether their senders know it or not."""
    keys = {row["message_key"] for row in found.rows(_DELIVERIES)}
    return [each for each in found.senders.sent if each.path == UPDATES and each.key in keys]


def _check_state(found: Found) -> None:
    """Every record says what the latest by the rules said, each benefit counts once."""
    reports = [
        (datetime.fromisoformat(each.as_of), record)
        for each in _taken_in(found)
        for record in each.records
    ]
    wanted = plain_merge.add_up(reports)
    blind = BlindIndex(found.keyring.index)
    programmes = {row["code"]: row["programme_id"] for row in found.rows("table programme")}
    keys = {
        blind.of_record(programmes[code], "PROGRAMME_NUMBER", number): value
        for (code, number), value in wanted.items()
    }
    rows = {row["record_key"]: row for row in found.rows(_ENROLMENTS)}
    if rows.keys() != keys.keys():
        found.say(f"safety: {len(rows)} enrolments instead of {len(keys)}")
        return
    history, benefits = defaultdict(set), defaultdict(Counter)
    for row in found.rows(_HISTORY):
        history[row["record_key"]].add((row["changed_at"], row["status"]))
    for row in found.rows(_BENEFITS):
        benefits[row["record_key"]][row["given_at"], row["value_minor"]] += 1
    for key, value in keys.items():
        row = rows[key]
        if (row["status"], row["status_at"]) != (value["status"], value["status_at"]):
            found.say("safety: a status is not what the latest report said")
        if row["as_of"] != value["as_of"]:
            found.say("safety: a record is not as new as its latest report")
        if history[key] != value["history"]:
            found.say("safety: a history of status is not what was reported")
        given = Counter(value["benefits"])
        counted = (given.total(), sum(cents for _, cents in value["benefits"]))
        if benefits[key] != given or (row["benefit_count"], row["benefit_total"]) != counted:
            found.say("safety: a benefit is missing, or counts twice")


def _check_requests(found: Found) -> None:
    """Every acknowledged request is answered once: one promise, one row in the ledger."""
    rows = {row["message_key"]: row for row in found.rows(_REQUESTS)}
    for each in found.senders.sent:
        if each.path == UPDATES:
            continue
        row = rows.pop(each.key, None)
        if row is None:
            if each.answer is not None:
                found.say("safety: an acknowledged request is not there")
            continue
        if each.not_taken_in:
            found.say("safety: a refused request is there")
        if row["answered_at"] is None:
            found.say("liveness: an acknowledged request was never answered")
        elif (row["promises"], row["asked"]) != (1, 1):
            found.say(
                f"safety: a request has {row['promises']} answers and {row['asked']} rows in the "
                "ledger"
            )
    if len(rows) != len(found.ground.codes):
        found.say("safety: there is a request that nobody sent")


def _contents(found: Found) -> dict[str, Json]:
    sealer = Sealer(found.keyring)
    return {
        row["message_id"]: msgspec.json.decode(opened(sealer, row["content"], row["message_id"]))
        for row in found.rows(_MESSAGES)
    }


def _check_answers(found: Found) -> None:
    """No answer contradicts the state: it holds at least what had been acknowledged before it was
    asked for, and nothing that nobody reported."""
    contents = _contents(found)
    answers = {
        row["correlation_id"]: contents[row["message_id"]]
        for row in found.rows(_MESSAGES)
        if row["kind"] == "on-search"
    }
    told = [
        (datetime.fromisoformat(each.as_of), record)
        for each in _taken_in(found)
        for record in each.records
    ]
    for each in found.senders.sent:
        if each.path == UPDATES or each.answer not in answers:
            continue
        [item] = answers[each.answer]["message"]["search_response"]
        if item["status"] != "succ":
            found.say(f"safety: a question was answered with {item}")
            continue
        records = (item.get("data") or {}).get("reg_records") or []
        about = [
            (as_of, record)
            for as_of, record in told
            if record["member"]["member_identifier"][1]["identifier_value"]
            == uin("DCI001", each.who)
        ]
        possible = {plain_merge.standing([one])[0] for one in about}
        least = plain_merge.add_up((datetime.fromisoformat(r["as_of"]), r) for r in each.floor)
        said = {int(record["enrollment_status"]) for record in _as_list(records)}
        if least and not said:
            found.say("safety: an answer knows nobody whose report was acknowledged before")
        if not said <= possible:
            found.say(f"safety: an answer says {said}, where {possible} was reported")
        for value in least.values():
            newer = {
                status
                for one in about
                for status, at in [plain_merge.standing([one])]
                if (at, plain_merge.RANK[status])
                >= (value["status_at"], plain_merge.RANK[value["status"]])
            }
            if not said <= newer:
                found.say("safety: an answer is older than what had been acknowledged")


def _as_list(records: Any) -> list[Json]:
    return records if isinstance(records, list) else [records]


def _check_callbacks(found: Found) -> None:
    """Every promise was kept or given up by its rule; all its tries were the same message."""
    came: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in found.receivers.arrived:
        came[arrival.message_id].append(arrival)
    rows = found.rows(_MESSAGES)
    for row in rows:
        arrivals = came.pop(row["message_id"], [])
        if row["state"] == "delivered" and not any(each.confirmed for each in arrivals):
            found.say("safety: a callback counts as delivered that nobody confirmed")
        if row["state"] == "dead" and row["attempts"] < MOST_TRIES:
            found.say(f"safety: a callback was given up after {row['attempts']} tries")
        if row["state"] not in ("delivered", "dead"):
            found.say(f"liveness: a callback was left {row['state']}")
        if len({each.content for each in arrivals}) > 1:
            found.say("safety: a callback was another message when it was tried again")
        _check_excuses(found, arrivals)
    if came:
        found.say("safety: a message arrived that nobody promised")
    _check_order(found, rows)


def _check_excuses(found: Found, arrivals: list[Arrival]) -> None:
    """What was confirmed comes again only where something went wrong after it was confirmed."""
    for before, after in pairwise(arrivals):
        nothing_wrong = before.steady and before.faults_before == after.faults_before
        if before.confirmed and nothing_wrong:
            found.say("safety: a confirmed callback came again although nothing had gone wrong")


def _check_order(found: Found, rows: list[Any]) -> None:
    """What belongs to one person and one subscription arrives in its order."""
    first: dict[str, float] = {}
    confirmed: dict[str, float] = {}
    for arrival in found.receivers.arrived:
        first.setdefault(arrival.message_id, arrival.at)
        if arrival.confirmed:
            confirmed.setdefault(arrival.message_id, arrival.at)
    streams: dict[bytes, list[Any]] = defaultdict(list)
    for row in rows:
        if row["stream"] is not None and row["state"] == "delivered":
            streams[row["stream"]].append(row)
    for own in streams.values():
        for one, other in pairwise(own):
            ended, begun = confirmed.get(one["message_id"]), first.get(other["message_id"])
            if ended is not None and begun is not None and begun < ended:
                found.say("safety: news of one person overtook each other")


def _check_news(found: Found) -> None:
    """No change is passed over and none is told twice: the last news of each person says what
    stands."""
    contents = _contents(found)
    seen: Counter[str] = Counter()
    last: dict[str, str] = {}
    for row in found.rows(_MESSAGES):
        if row["kind"] != "notify":
            continue
        [event] = contents[row["message_id"]]["message"]["notify_event"]
        seen[event["reference_id"]] += 1
        record = event["data"]["reg_records"]
        if event["data"]["subscription_code"] == found.ground.codes[1]:
            for each in record["member"]["member_identifier"]:
                if each["identifier_type"] == "PROGRAMME_NUMBER":
                    last[each["identifier_value"]] = record["enrollment_status"]
    if any(count > 1 for count in seen.values()):
        found.say("safety: a change was told twice")
    blind = BlindIndex(found.keyring.index)
    programmes = {row["code"]: row["programme_id"] for row in found.rows("table programme")}
    stands = {row["record_key"]: row["status"] for row in found.rows(_ENROLMENTS)}
    changed = {row["record_key"] for row in found.rows(_CHANGED)}
    told = {
        blind.of_record(programmes["DCI001"], "PROGRAMME_NUMBER", number): int(status)
        for number, status in last.items()
    }
    if told.keys() != changed:
        found.say(f"safety: news of {len(told)} people instead of {len(changed)}")
    elif any(stands[key] != status for key, status in told.items()):
        found.say("safety: the last news of somebody is not what stands")


def _check_events(found: Found) -> None:
    """No effect without its event in the audit trail, and none twice."""
    events = {row["kind"]: row["count"] for row in found.rows(_EVENTS)}
    done = sum(row["state"] == "done" for row in found.rows(_DELIVERIES))
    if events.get("delivery.done", 0) != done:
        found.say(f"safety: {events.get('delivery.done', 0)} events of {done} deliveries")
    asked = len(found.rows("select from accepted_request"))
    if events.get("request.accepted", 0) != asked:
        found.say(f"safety: {events.get('request.accepted', 0)} events of {asked} requests")


def _check_leases(found: Found) -> None:
    """The dead hold nothing for longer than their lease."""
    count = found.world.side.value(_LEASES, found.world.clock.now())
    if count:
        found.say(f"safety: {count} leases ran out and nobody took over")


CHECKS: Final[tuple[Callable[[Found], None], ...]] = (
    _check_deliveries,
    _check_state,
    _check_requests,
    _check_answers,
    _check_callbacks,
    _check_news,
    _check_events,
    _check_leases,
)


async def broken_trail(settings: Settings, dsn: str, at: datetime) -> list[str]:
    """Everything recorded is sealed, and every seal holds, in the database and outside it."""
    sealer = Sealer(open_keyring(settings.data_dir / "keys", create=False))
    anchor = FileAnchor(settings.anchored_in)
    worker = await open_database(dsn, "ibr_worker", size=2, name="simulation")
    auditor = await open_database(dsn, "ibr_app", size=2, name="simulation")
    try:
        sealed = await Sealing(worker, sealer, [anchor]).run(at, at_once=True)
        if sealed.trouble is not None:
            return [f"safety: the audit trail cannot be sealed: {sealed.trouble}"]
        report = await verify_database(auditor, read_anchor(settings.anchored_in))
    finally:
        await worker.close()
        await auditor.close()
    if report.broken is not None:
        return [f"safety: the audit trail does not hold: {report.broken.words}"]
    if report.waiting:
        return [f"safety: {report.waiting} events were never sealed"]
    return []
