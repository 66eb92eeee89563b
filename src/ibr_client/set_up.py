"""A client put together from what its user says, the same for both kinds of client."""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from ibr_client.callbacks import Callbacks, Handlers, log_failure
from ibr_client.credentials import Credentials
from ibr_client.exchange import Exchange
from ibr_client.failures import NotSetUp
from ibr_client.memory import InMemory, Memory
from ibr_client.opening import Opener
from ibr_client.operations import Operations
from ibr_client.registry_keys import RegistryKeys
from ibr_client.steps import Chance, Clock, Patience, Post

LARGEST_ANSWER: Final = 64 * 1024 * 1024


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a client that has a usual value.

    `callbacks` is the address below which this system receives callbacks, as it is registered.
    `purpose` is told with every question. With `encrypted`, messages are encrypted for the
    registry. `registry_keys` is the registry's JWKS where it was handed over beforehand; nothing
    is fetched then. `plain_http` allows http to other machines than this one: tests only.
    """

    callbacks: str | None = None
    purpose: str | None = None
    encrypted: bool = False
    registry_keys: dict[str, Any] | None = None
    memory: Memory | None = None
    patience: Patience = Patience()
    timeout: float = 60.0
    largest_answer: int = LARGEST_ANSWER
    plain_http: bool = False
    clock: Clock = time.time
    # Chance spreads tries apart; nothing secret comes from it.
    chance: Chance = random.random


class SetUp:
    """The parts of a client."""

    def __init__(
        self, address: str, registry_id: str, credentials: Credentials, options: Options
    ) -> None:
        self.address = checked_address(address, plain_http=options.plain_http)
        self.registry_id = registry_id
        self.credentials = credentials
        self.options = options
        self.memory: Memory = options.memory or InMemory()
        post = Post(options.clock, options.chance, options.patience, options.largest_answer)
        keys = RegistryKeys(post, options.registry_keys)
        self.opener = Opener(keys, registry_id, credentials, options.clock)
        exchange = Exchange(
            post,
            credentials,
            registry_id,
            keys,
            self.opener,
            encrypted=options.encrypted,
            purpose=options.purpose,
        )
        self.operations = Operations(exchange, self.memory, options.clock, options.callbacks)

    def callbacks(
        self, handlers: Handlers, on_failure: Callable[[Exception], object] | None, largest: int
    ) -> Callbacks:
        """What receives callbacks with the keys and the memory of this client."""
        return Callbacks(
            self.opener,
            self.memory,
            handlers,
            registry_id=self.registry_id,
            clock=self.options.clock,
            on_failure=on_failure or log_failure,
            largest=largest,
        )


def checked_address(address: str, *, plain_http: bool) -> str:
    """The registry's address without a last slash; NotSetUp where secrets would travel openly."""
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        fits = False
    if not fits:
        raise NotSetUp(
            "address.invalid", "The registry's address is a URL such as https://ibr.example.org."
        )
    if parts.scheme == "http" and not plain_http and not _is_here(parts.hostname or ""):
        raise NotSetUp(
            "address.plain", "Use https: the client's secret must not travel in the open."
        )
    return address.rstrip("/")


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
