"""Tries: when a message is sent again, after how long, with which bytes, and when it is not."""

from __future__ import annotations

import email.utils
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from ibr_client import (
    AnswerNotUnderstood,
    NotPermitted,
    NotReached,
    Patience,
    Refused,
    RegistryBusy,
)
from ibr_client.steps import Hold, LetGo
from tests.registry_double import RegistryDouble, http_error, lost

ENROLLED = "/registry/sync/enrolled"


def ask(registry: RegistryDouble, **options: Any) -> bool:
    return registry.client(**options).is_enrolled("UIN", "847951632", "DCI001")


def test_a_lost_connection_is_tried_again_with_the_same_bytes(registry: RegistryDouble) -> None:
    registry.enrolled = {"847951632"}
    registry.faults = [lost, lost]
    assert ask(registry) is True
    bodies = {each.content for each in registry.sent(ENROLLED)}
    assert (len(registry.sent(ENROLLED)), len(bodies)) == (3, 1)


def test_two_questions_are_two_messages(registry: RegistryDouble) -> None:
    """The control: bytes differ where they should."""
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    client.is_enrolled("UIN", "1", "DCI001")
    assert len({each.content for each in registry.sent(ENROLLED)}) == 2


def test_waits_double_up_to_the_longest(registry: RegistryDouble) -> None:
    registry.faults = [lost] * 99
    with pytest.raises(NotReached, match="7 tries: RemoteProtocolError"):
        ask(registry, patience=Patience(longest_wait=5.0))
    assert registry.clock.waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_waits_are_spread_by_chance(registry: RegistryDouble) -> None:
    patience = Patience()
    assert (patience.wait(3, 0.0), patience.wait(3, 0.5), patience.wait(3, 1.0)) == (1.0, 1.5, 2.0)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_answer_that_says_later_is_tried_again(registry: RegistryDouble, status: int) -> None:
    registry.faults = [http_error(status)]
    assert ask(registry) is False
    assert registry.clock.waits == [0.5]


def test_the_registry_says_how_long_to_wait(registry: RegistryDouble) -> None:
    registry.faults = [http_error(503, **{"retry-after": "17"})]
    ask(registry)
    assert registry.clock.waits == [17.0]


def test_it_may_say_so_with_a_date(registry: RegistryDouble) -> None:
    registry.clock.now = float(int(time.time()))
    date = email.utils.formatdate(registry.clock.now + 20, usegmt=True)
    registry.faults = [http_error(429, **{"retry-after": date})]
    ask(registry)
    assert registry.clock.waits == [20.0]


def test_a_wait_that_is_too_short_is_not_taken(registry: RegistryDouble) -> None:
    registry.faults = [http_error(503, **{"retry-after": "0"})]
    ask(registry)
    assert registry.clock.waits == [0.5]


def test_a_longer_wait_than_a_signature_lives_is_the_callers(registry: RegistryDouble) -> None:
    registry.faults = [http_error(429, **{"retry-after": "600"})]
    with pytest.raises(RegistryBusy) as failed:
        ask(registry)
    assert failed.value.retry_after == 600.0
    assert registry.clock.waits == []


def test_tries_end_before_the_signature_does(registry: RegistryDouble) -> None:
    registry.faults = [http_error(503, **{"retry-after": "100"})] * 99
    with pytest.raises(RegistryBusy):
        ask(registry)
    assert registry.clock.waits == [100.0, 100.0]


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415])
def test_a_refusal_is_not_tried_again(registry: RegistryDouble, status: int) -> None:
    registry.faults = [http_error(status)]
    with pytest.raises(Refused) as failed:
        ask(registry)
    assert failed.value.http_status == status
    assert (len(registry.sent(ENROLLED)), registry.clock.waits) == (1, [])


def test_no_right_is_told_apart(registry: RegistryDouble) -> None:
    registry.faults = [http_error(403)]
    with pytest.raises(NotPermitted):
        ask(registry)


def test_a_redirect_is_not_followed(registry: RegistryDouble) -> None:
    registry.faults = [http_error(307, location="https://elsewhere.test/")]
    with pytest.raises(AnswerNotUnderstood, match="redirect"):
        ask(registry)
    assert {each.url.host for each in registry.requests} == {"ibr.test"}


def test_an_expired_token_is_replaced_once_for_the_same_bytes(registry: RegistryDouble) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    registry.tokens += 1
    assert client.is_enrolled("UIN", "1", "DCI001") is False
    first, second = registry.sent(ENROLLED)[-2:]
    assert first.content == second.content
    assert first.headers["authorization"] != second.headers["authorization"]


def test_a_second_401_is_a_refusal(registry: RegistryDouble) -> None:
    registry.faults = [http_error(401), http_error(401)]
    with pytest.raises(NotPermitted):
        ask(registry)
    assert len(registry.sent(ENROLLED)) == 2


def test_a_token_is_kept_until_shortly_before_its_end(registry: RegistryDouble) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    registry.clock.now += 839
    client.is_enrolled("UIN", "1", "DCI001")
    assert registry.tokens == 1
    registry.clock.now += 2
    client.is_enrolled("UIN", "1", "DCI001")
    assert registry.tokens == 2


def test_a_wrong_secret_is_said_plainly(registry: RegistryDouble) -> None:
    registry.credentials.client_secret = "wrong"
    with pytest.raises(NotPermitted, match=r"client_secret is wrong. \[err.request.unauthorized\]"):
        ask(registry)
    assert registry.sent(ENROLLED) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<h1>Welcome</h1>",
        b"{}",
        b'{"access_token":"","expires_in":900}',
        b'{"access_token":"two\\nlines","expires_in":900}',
        '{"access_token":"café","expires_in":900}'.encode(),
        b'{"access_token":"abc","expires_in":"soon"}',
    ],
)
def test_what_is_no_token_is_not_used(registry: RegistryDouble, body: bytes) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body)

    registry.answer = answer  # type: ignore[method-assign]
    with pytest.raises(AnswerNotUnderstood, match="no token"):
        ask(registry)


async def test_the_awaiting_client_waits_and_tries_the_same(registry: RegistryDouble) -> None:
    registry.faults = [lost, http_error(503, **{"retry-after": "9"})]
    async with registry.async_client() as client:
        assert await client.is_enrolled("UIN", "1", "DCI001") is False
    assert registry.clock.waits == [0.5, 9.0]


async def test_many_at_once_share_one_token_and_one_look_at_the_keys(
    registry: RegistryDouble,
) -> None:
    import asyncio

    client = registry.async_client()
    asked = [client.is_enrolled("UIN", str(number), "DCI001") for number in range(20)]
    assert await asyncio.gather(*asked) == [False] * 20
    assert (registry.tokens, registry.key_fetches) == (1, 1)


def test_many_threads_share_them_too(registry: RegistryDouble) -> None:
    client = registry.client()
    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(client.is_enrolled, "UIN", str(number), "DCI001") for number in range(20)
        ]
        assert [each.result() for each in asked] == [False] * 20
    assert (registry.tokens, registry.key_fetches) == (1, 1)


def test_keys_that_another_thread_has_just_fetched_are_found(registry: RegistryDouble) -> None:
    client = registry.client()
    kid = registry.jwk["kid"]
    keys = client._parts.opener._keys
    steps = keys.signing_key(kid, kid)
    # It found no keys and waits to fetch them, while somebody else does the same to the end.
    assert next(steps) == Hold("keys")
    assert client._driver.run(keys.signing_key(kid, kid)) is not None
    assert next(steps) == LetGo("keys")
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value is not None
    assert registry.key_fetches == 1


async def test_a_cancelled_question_leaves_nothing_locked(registry: RegistryDouble) -> None:
    import asyncio

    client = registry.async_client()
    waiting = asyncio.Event()

    async def never(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    client._driver._sleep = never
    registry.refuses_tokens = True
    task = asyncio.create_task(client.is_enrolled("UIN", "1", "DCI001"))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    registry.refuses_tokens = False
    assert await client.is_enrolled("UIN", "1", "DCI001") is False
