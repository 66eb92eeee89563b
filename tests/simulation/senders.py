"""Partners that report and ask: impatient, forgetful, and every message signed as it must be."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import msgspec

from ibr.clock import written
from ibr.interop.dci.envelope import message_key
from ibr_messages.strict_json import canonical
from tests.door import REGISTRY, SEARCH_LATER, UPDATES, Json, Reply
from tests.people import an_identifier
from tests.simulation.ground import GOOD, OTHER, Ground, Party
from tests.simulation.processes import Api
from tests.simulation.world import World

PEOPLE: Final = 5
# How long a sender waits for an answer, and how long it goes on trying in peace.
_PATIENCE: Final = 30.0
_STATUSES: Final = "12345"


class Sent(msgspec.Struct):
    """One message, and what its sender knows of it."""

    party: Party
    path: str
    body: bytes
    key: bytes
    as_of: str
    records: list[Json]
    who: str = ""
    floor: list[Json] = []
    """Of a question: what had been acknowledged about this person when it was asked."""
    address: str = ""
    answer: str | None = None
    """The correlation id of the answer, which is the acknowledgement."""
    refused: str | None = None
    unsure: bool = False
    """Whether it may have been taken in although nobody said so."""

    @property
    def not_taken_in(self) -> bool:
        """Whether it must not be there: every answer was a refusal."""
        return self.refused is not None and self.answer is None and not self.unsure


class Senders:
    """Everybody who sends, everything they sent, and what was wrong with what they heard."""

    def __init__(self, world: World, ground: Ground, doors: Callable[[], list[Api]]) -> None:
        self.world = world
        self.ground = ground
        self.sent: list[Sent] = []
        self.wrong: list[str] = []
        self._doors = doors
        self._numbers = 0

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    async def report(self, party: Party, programme: str) -> None:
        """Makes a delivery, lets it lie for a while, and sends it until it is acknowledged."""
        chance = self.world.chance
        records = [self.record(programme) for _ in range(chance.choice((1, 2, 3, 6, 9)))]
        sent = self._made(
            party,
            UPDATES,
            "notify",
            records,
            {"enrolled_updates": {"beneficiaries": records}},
        )
        if chance.random() < 0.3:
            # Reordered: what was made later overtakes it.
            await asyncio.sleep(chance.uniform(0.5, 15))
        await self._send(sent)

    async def ask(self, party: Party, address: str) -> None:
        who = str(self.world.chance.randrange(PEOPLE))
        item = {
            "reference_id": "ref-0",
            "timestamp": written(self.world.clock.now()),
            "search_criteria": {
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": uin("DCI001", who)},
            },
        }
        sent = self._made(
            party,
            SEARCH_LATER,
            "search",
            [],
            {"search_request": [item]},
            sender_uri=address,
        )
        sent.who, sent.address = who, address
        sent.floor = [
            record | {"as_of": each.as_of}
            for each in self.sent
            if each.answer is not None
            for record in each.records
            if record["member"]["member_identifier"][1]["identifier_value"] == uin("DCI001", who)
        ]
        await self._send(sent)

    def record(self, programme: str) -> Json:
        """One report of one of a few people: a change of status, or a benefit, or both."""
        chance = self.world.chance
        who = str(chance.randrange(PEOPLE))
        day = self.ground.begun - timedelta(days=chance.randrange(1, 9))
        record: Json = {
            "@type": "Beneficiary",
            "assistance_unit": "1",
            "enrollment_date": "2025-12-15T00:00:00+00:00",
            "enrollment_status": chance.choice(_STATUSES),
            "status_change_date": [day.isoformat()],
            "programme_identifier": [{"programme_identifier": programme}],
            "member": {
                "@type": "Member",
                "member_identifier": [
                    an_identifier(f"P{who}", "PROGRAMME_NUMBER"),
                    an_identifier(uin(programme, who)),
                ],
                "demographic_info": {
                    "@type": "IBRPerson",
                    "name": {"@type": "Name", "surname": "Phumchai", "given_name": "Sudarat"},
                    "sex": "female",
                    "birth_date": "1995-09-21",
                },
            },
        }
        if chance.random() < 0.6:
            # A sum that nobody else ever gets, so that each can be counted.
            value = f"USD {self.number()}.25"
            on = (self.ground.begun - timedelta(days=chance.randrange(1, 20))).isoformat()
            record["benefits"] = [
                {
                    "@type": "Benefit",
                    "benefit_type": "1",
                    "benefit_date": on,
                    "benefit_value": value,
                }
            ]
        return record

    def _made(
        self,
        party: Party,
        path: str,
        action: str,
        records: list[Json],
        message: Json,
        **header: Any,
    ) -> Sent:
        moment = self.world.clock.now()
        number = self.number()
        head = {
            "version": "1.0.0",
            "message_id": f"message-{number}",
            "message_ts": written(moment),
            "action": action,
            "sender_id": party.sender_id,
            "receiver_id": REGISTRY,
            "total_count": max(1, len(records)),
            "is_msg_encrypted": False,
            **header,
        }
        if records:
            head["status"] = "succ"
        content = canonical(
            {"header": head, "message": {"transaction_id": f"txn-{number}", **message}}
        )
        signature = party.system.signer.sign(content, moment.timestamp())
        body = b'{"signature":' + canonical(signature) + b"," + content[1:]
        key = message_key(party.sender_id, head["message_id"])
        sent = Sent(party, path, body, key, head["message_ts"], records)
        self.sent.append(sent)
        return sent

    async def _send(self, sent: Sent) -> None:
        """Sends a message again and again, as a system does that heard nothing."""
        world = self.world
        if world.chance.random() < world.plan.again:
            # Twice at the same time, over two lines.
            await asyncio.gather(self._until_answered(sent), self._once(sent))
        else:
            await self._until_answered(sent)
        if world.chance.random() < world.plan.again:
            await asyncio.sleep(world.chance.uniform(0, 40))
            await self._once(sent)

    async def _until_answered(self, sent: Sent) -> None:
        world = self.world
        wait = 0.5
        while not await self._once(sent):
            if world.chance.random() < world.plan.impatient:
                return
            await asyncio.sleep(wait * world.chance.uniform(0.5, 1.5))
            wait = min(10.0, 2 * wait)

    async def _once(self, sent: Sent) -> bool:
        """One try; whether it is over with this message."""
        doors = self._doors()
        if not doors:
            return False
        door = doors[self.world.chance.randrange(len(doors))]
        try:
            reply = await asyncio.wait_for(
                door.post(sent.path, sent.body, sent.party.client_id), _PATIENCE
            )
        except (ConnectionError, TimeoutError):
            sent.unsure = True
            return False
        return self._heard(sent, reply)

    def _heard(self, sent: Sent, reply: Reply) -> bool:
        if reply.status == 503:
            sent.unsure = True
            if "retry-after" not in reply.headers:
                self.wrong.append(f"503 without Retry-After: {reply.raw!r}")
            return False
        message = reply.message
        if reply.status != 200:
            self.wrong.append(f"HTTP {reply.status}: {reply.raw!r}")
            return True
        if reply.error is None:
            self._acknowledged(sent, message)
        elif sent.answer is None:
            # Its signature may have run out, where somebody set the clock.
            sent.refused = reply.error
        return True

    def _acknowledged(self, sent: Sent, message: Json) -> None:
        answer = message["correlation_id"]
        if sent.answer not in (None, answer):
            self.wrong.append(f"another answer to the same message: {sent.answer} and {answer}")
        sent.answer = answer
        outcomes = [each["status"] for each in message.get("enrolled_response", [])]
        if outcomes != ["succ"] * len(sent.records):
            self.wrong.append(f"outcomes {outcomes} of {len(sent.records)} records")
        self.world.say(sent.party.sender_id[:10], f"hears that {sent.path} is taken in")


def uin(programme: str, who: str) -> str:
    return f"{programme[-1]}000{who}"


def errands(senders: Senders, ground: Ground) -> list[Any]:
    """Everything that is sent in a run, each to begin at a time of its own."""
    world = senders.world
    chance = world.chance

    async def later(work: Callable[[], Any]) -> None:
        await asyncio.sleep(chance.uniform(0, 18))
        await work()

    def reporting(number: int) -> Callable[[], Any]:
        return lambda: senders.report(ground.reporters[number], f"DCI00{number + 1}")

    def asking(party: Party, address: str) -> Callable[[], Any]:
        return lambda: senders.ask(party, address)

    works = [reporting(chance.randrange(2)) for _ in range(world.plan.deliveries)]
    for _ in range(world.plan.questions):
        party, address = chance.choice(((ground.asker, GOOD), (ground.other, OTHER)))
        works.append(asking(party, address))
    return [later(work) for work in works]
