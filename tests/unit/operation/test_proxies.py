"""A client's address is what a proxy of ours says, and never what the client says (D14)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ibr.operation.serving import config_of
from ibr.settings import Settings

PROXY, STRANGER, VICTIM = "10.1.2.3", "203.0.113.9", "198.51.100.7"


def seen(trusted: str, peer: str, *forwarded: str) -> str:
    """Whom the registry takes the client to be."""
    found: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["client"][0])

    config = config_of(Settings(trusted_proxies=trusted), application, "127.0.0.1", 0)
    config.load()
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope = {
        "type": "http",
        "scheme": "http",
        "path": "/",
        "headers": headers,
        "client": (peer, 4711),
    }
    asyncio.run(config.loaded_app(scope, None, None))  # type: ignore[arg-type]
    return found[0]


@pytest.mark.parametrize("trusted", ["", " ", PROXY, "10.1.0.0/16"])
def test_what_a_stranger_says_of_itself_counts_nowhere(trusted: str) -> None:
    assert seen(trusted, STRANGER, VICTIM) == STRANGER


def test_without_a_proxy_not_even_this_machine_is_believed() -> None:
    assert seen("", "127.0.0.1", VICTIM) == "127.0.0.1"


@pytest.mark.parametrize("trusted", [PROXY, "10.1.0.0/16", f"192.0.2.1, {PROXY}"])
def test_our_own_proxy_is_believed(trusted: str) -> None:
    assert seen(trusted, PROXY, STRANGER) == STRANGER


def test_what_the_client_put_in_front_of_the_proxys_word_does_not_count() -> None:
    assert seen(PROXY, PROXY, f"{VICTIM}, {STRANGER}") == STRANGER


def test_through_two_proxies_of_ours_the_one_before_them_counts() -> None:
    assert seen("10.1.0.0/16", PROXY, f"{VICTIM}, {STRANGER}, 10.1.9.9") == STRANGER


def test_control_a_proxy_that_believes_everybody_would_be_fooled() -> None:
    assert seen("*", STRANGER, VICTIM) == VICTIM
