"""How a question reaches another registry: its address, our token there, and what its Ack means."""

from __future__ import annotations

import asyncio
import re
import time
from email.utils import formatdate
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from ibr.calls.model import CallFailed, Reply
from ibr.clock import now
from ibr.interop.dci.deliver import Way
from ibr.interop.dci.services import Services
from ibr.interop.dci.source_answers import read_code
from ibr.log import logger
from ibr.outbox.model import InHand, Try
from ibr.sources.asked.answers import acknowledged
from ibr.sources.model import Access
from ibr.sources.register_source import access_of

QUESTIONS: Final = frozenset({"search", "subscribe", "unsubscribe", "txn-status"})
_USUAL_LIFE: Final = 300.0
_LONGEST_LIFE: Final = 86_400.0
# A token is not used when it would expire on the way.
_SPARE: Final = 30.0
# What may stand in an Authorization header (RFC 6750 2.1), so that nothing else ever does.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*", re.ASCII)
_CODE = re.compile(r"err\.[a-z_.]{1,60}", re.ASCII)


class _Token(msgspec.Struct, frozen=True):
    text: str
    until: float


class SourceWays:
    """The ways to sources, for one process; tokens are kept until shortly before they expire."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tokens: dict[int, _Token] = {}
        self._getting = asyncio.Lock()

    async def __call__(self, message: InHand) -> Way | None:
        """The way of a question of ours, none where the agreement has ended; None for a message
        of another kind. CallFailed where the source gives no token."""
        if message.kind not in QUESTIONS:
            return None
        async with self._services.database.transaction(()) as connection:
            access = await access_of(connection, self._services.sealer, message.partner_id)
        if access is None:
            return Way(registered=())
        return Way(
            registered=(access.address,),
            headers={"authorization": f"Bearer {await self._token(access)}"},
            heard=partial(self._heard, access.source_id, message),
        )

    async def _token(self, access: Access) -> str:
        """Our token at the source; one request at a time asks for a new one."""
        async with self._getting:
            kept = self._tokens.get(access.source_id)
            if kept is None or kept.until <= time.monotonic():
                kept = self._tokens[access.source_id] = await self._new_token(access)
            return kept.text

    async def _new_token(self, access: Access) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": access.client_id,
            "client_secret": access.client_secret,
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
            "timestamp": formatdate(now().timestamp(), usegmt=True),
        }
        asked_at = time.monotonic()
        reply = await self._services.calls.send(
            "POST", access.token_address, headers, urlencode(form).encode()
        )
        token = _read_token(reply, asked_at)
        if token is None:
            logger().warning("a source gives no token", status=reply.status)
            raise CallFailed("protocol")
        return token

    async def _heard(self, source_id: int, message: InHand, reply: Reply, tried: Try) -> Try:
        """Notes the Ack of a question. A token that no longer counts is not the question's end."""
        if reply.status == 401:
            self._tokens.pop(source_id, None)
            return msgspec.structs.replace(tried, again=True)
        if tried.again:
            return tried
        said = _ack(reply.body)
        status = said.get("ack_status")
        error = said.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        async with self._services.database.transaction(()) as connection:
            await acknowledged(
                connection,
                message.message_id,
                taken=tried.delivered and status != "NACK",
                correlation_id=read_code(said.get("correlation_id")),
                reason=code if isinstance(code, str) and _CODE.fullmatch(code) else None,
                at=now(),
            )
        return tried


def _read_token(reply: Reply, asked_at: float) -> _Token | None:
    if reply.status != 200:
        return None
    said = _members(reply.body)
    text, life = said.get("access_token"), said.get("expires_in")
    if not isinstance(text, str) or not _TOKEN.fullmatch(text):
        return None
    try:
        # The standard writes this number as a string (digest.md 3.6).
        seconds = float(life) if isinstance(life, (int, float, str)) else _USUAL_LIFE
    except ValueError:
        seconds = _USUAL_LIFE
    seconds = min(max(seconds, 0.0), _LONGEST_LIFE)
    return _Token(text, asked_at + max(seconds - _SPARE, seconds / 2))


def _ack(body: bytes) -> dict[str, Any]:
    said = _members(body)
    message = said.get("message")
    return message if isinstance(message, dict) else said


def _members(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
