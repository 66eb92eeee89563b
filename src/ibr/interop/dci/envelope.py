"""Messages opened here only: token, header, sender and receiver, signature, in the decided order.

Order of checks (behaviour.md): token and scope, then size and media type, then JSON, header,
message, action, schema, version, sender and receiver, signature. Only then is decrypted what was
encrypted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from ibr.access.agreements.rules import NotAgreedError
from ibr.access.limits import RequestLimit
from ibr.access.model import Partner
from ibr.access.partners import PartnerBook
from ibr.access.tokens import Claims, Tokens
from ibr.asker import Asker, Purpose
from ibr.clock import now
from ibr.errors import NotProven, NotUnderstood
from ibr.interop.dci.encryption import (
    NoPartnerKeyError,
    UnknownOwnKeyError,
    check_policy,
    decrypted,
    read_decrypted,
)
from ibr.interop.dci.keys import OwnKeys
from ibr.interop.dci.messages.header import Header, check_version, read_header
from ibr.interop.dci.partner_keys import PartnerKeys
from ibr_messages.encryption import is_encrypted
from ibr_messages.jwk import public_key
from ibr_messages.signature import check_times, read_signature, verify
from ibr_messages.strict_json import canonical, canonical_other_spellings, read_object

KNOWN_ACTIONS: Final = frozenset(
    [
        "search",
        "on-search",
        "subscribe",
        "on-subscribe",
        "unsubscribe",
        "on-unsubscribe",
        "notify",
        "txn-status",
        "txn-on-status",
        "register",
        "enrollment-updates",
    ]
)

Digests = Callable[[str], Iterator[bytes]]


class Caller(msgspec.Struct, frozen=True):
    """A partner whose token was proven, with the scopes of that token."""

    partner: Partner
    scopes: frozenset[str]


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A message that passed every check; `encrypted` says that it came so, and `message` is what
    was in it."""

    header: Header
    message: dict[str, Any]
    partner: Partner
    asker: Asker
    message_key: bytes
    body_digest: bytes
    key_kid: str | None
    at: datetime
    encrypted: bool = False


class UnknownKeyError(NotProven):
    """A signature names a key that its sender may have published since its keys were read."""


class Envelopes:
    """Proves callers and opens their messages."""

    def __init__(
        self,
        book: PartnerBook,
        tokens: Tokens,
        own_ids: frozenset[str],
        limit: RequestLimit,
        *,
        own_keys: OwnKeys,
        partner_keys: PartnerKeys,
        largest_message: int,
        always_signed: bool = True,
    ) -> None:
        """With `always_signed`, as in production, no partner's policy lets an unsigned one in.

        What was encrypted may be as long as a plain message, `largest_message`.
        """
        self._own_keys = own_keys
        self._partner_keys = partner_keys
        self._largest = largest_message
        self._always_signed = always_signed
        self._book = book
        self._tokens = tokens
        self._own_ids = own_ids
        self._limit = limit

    async def prove(self, authorization: str, scope: str) -> Caller:
        """Who calls: NotProven without a token that holds, NotAllowed without the scope."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotProven(
                "token.missing",
                "This needs a bearer token. Get one at /oauth2/client/token and send it as "
                "Authorization: Bearer ….",
            )
        # Before the token is looked at, so that a key of ours that was revoked lets nobody in.
        await self._book.refresh()
        claims: Claims = self._tokens.check(token.strip(), time.time())
        partner = await self._book.by_client(claims.client_id)
        if partner is None:
            raise NotProven("token.invalid", "The client of this token is not known, or shut out.")
        scopes = claims.scopes & partner.scopes
        # Counted first: what is refused for its scope is written down.
        self._limit.count(partner.partner_id)
        if scope not in scopes:
            raise NotAgreedError(
                "scope.missing",
                f"Your token does not carry the scope {scope}.",
                partner.asker(scopes),
                {"question": scope, "why": "scope"},
            )
        return Caller(partner, scopes)

    async def receive(
        self, body: bytes, caller: Caller, actions: frozenset[str], *, told: bool = False
    ) -> Opened:
        """As `open`; where a message names a key that is not known, keys are read anew first."""
        return await self.with_fresh_keys(
            caller, lambda known: self.open(body, known, actions, told=told)
        )

    async def with_fresh_keys(self, caller: Caller, attempt: Callable[[Caller], Opened]) -> Opened:
        """The message that `attempt` opens; once more, with keys read anew, where one is missing.

        A sender's list is fetched at most once a minute for this (partner_keys.py).
        """
        try:
            return attempt(caller)
        except (UnknownKeyError, NoPartnerKeyError):
            if not await self._partner_keys.learn(caller.partner):
                raise
            await self._book.refresh(0)
        except UnknownOwnKeyError:
            # It may have been made, and published, since this process last read our own.
            await self._book.look_again()
        partner = await self._book.by_client(caller.partner.client_id)
        if partner is None:
            raise NotProven("token.invalid", "The client of this token is not known, or shut out.")
        return attempt(Caller(partner, caller.scopes))

    def open(
        self, body: bytes, caller: Caller, actions: frozenset[str], *, told: bool = False
    ) -> Opened:
        """A small message, whole in memory.

        With `told` it is an answer or news from another registry: its header may be of either
        form, and one that says rjct may come without a message (digest.md 10.2).
        """
        at = now()
        if not body.strip():
            raise NotUnderstood("message.json", "The body is empty; send header and message.")
        document = read_object(body)
        header = document.get("header")
        message = document.get("message")

        def digests(profile: str) -> Iterator[bytes]:
            if profile == "raw":
                if "message" in document:
                    yield raw_digest(body)
                return
            content = {"header": header, "message": message}
            yield hashlib.sha256(canonical(content)).digest()
            for spelling in canonical_other_spellings(content):
                yield hashlib.sha256(spelling).digest()
            if "message" not in document:
                yield hashlib.sha256(canonical({"header": header})).digest()

        opened = self.check(
            header=header,
            message=message,
            signature=document.get("signature"),
            digests=digests,
            body_digest=hashlib.sha256(body).digest(),
            caller=caller,
            actions=actions,
            at=at,
            told=told,
        )
        if not self.came_encrypted(opened):
            return opened
        plaintext = self.decrypted(opened.message, at, self._largest)
        return msgspec.structs.replace(opened, message=read_decrypted(plaintext), encrypted=True)

    def came_encrypted(self, opened: Opened) -> bool:
        """Whether an opened message is still encrypted; NotUnderstood where that is not as agreed
        with its sender. What has no message has nothing that could be."""
        if not opened.message and not opened.header.encrypted:
            return False
        return check_policy(
            opened.partner, opened.message, opened.at, flagged=opened.header.encrypted
        )

    def decrypted(
        self,
        message: dict[str, Any],
        at: datetime,
        largest: int,
        *,
        accepted_before: bool = False,
    ) -> bytes:
        """What an encrypted message holds, not yet read; see encryption.py."""
        return decrypted(
            self._own_keys, message, at, largest=largest, accepted_before=accepted_before
        )

    def reopen(
        self,
        body: bytes,
        partner: Partner,
        scopes: frozenset[str],
        *,
        key_kid: str | None,
        at: datetime,
    ) -> Opened:
        """A message that passed every check when it was acknowledged, read again to be answered.

        Its sender is handed in as it is now, `scopes` are those of the token it came with: what
        the sender has lost meanwhile no longer counts.
        """
        document = read_object(body)
        header, message = read_header(document["header"], at), document["message"]
        if header.encrypted and is_encrypted(message):
            plaintext = self.decrypted(message, at, self._largest, accepted_before=True)
            message = read_decrypted(plaintext)
        return Opened(
            header=header,
            message=message,
            partner=partner,
            asker=partner.asker(scopes, _purpose(header)),
            message_key=message_key(header.sender_id, header.message_id),
            body_digest=hashlib.sha256(body).digest(),
            key_kid=key_kid,
            at=at,
            encrypted=header.encrypted,
        )

    def check(
        self,
        *,
        header: object,
        message: object,
        signature: object,
        digests: Digests,
        body_digest: bytes,
        caller: Caller,
        actions: frozenset[str],
        at: datetime,
        told: bool = False,
    ) -> Opened:
        """Every check of a message that was read, in the decided order."""
        if not isinstance(header, dict):
            raise NotUnderstood("message.envelope", "The message has no header object.")
        if told and message is None and header.get("status") == "rjct":
            message = {}
        if not isinstance(message, dict):
            raise NotUnderstood("message.envelope", "The message has no message object.")
        _check_action(header.get("action"), actions)
        read = read_header(header, at, told=told)
        check_version(header)
        if read.sender_id != caller.partner.sender_id:
            raise NotUnderstood(
                "message.sender", "header.sender_id is not the sender this token was given to."
            )
        if read.receiver_id is not None and read.receiver_id.lower() not in self._own_ids:
            raise NotUnderstood("message.receiver", "header.receiver_id is not this registry.")
        kid = self._check_signature(signature, digests, caller.partner, at)
        return Opened(
            header=read,
            message=message,
            partner=caller.partner,
            asker=caller.partner.asker(caller.scopes, _purpose(read)),
            message_key=message_key(read.sender_id, read.message_id),
            body_digest=body_digest,
            key_kid=kid,
            at=at,
        )

    def _check_signature(
        self, signature: object, digests: Digests, partner: Partner, at: datetime
    ) -> str | None:
        if partner.signature_policy == "off" and not self._always_signed:
            return None
        read = read_signature(signature)
        if read.sender_id != partner.sender_id:
            raise NotProven("signature.invalid", "The signature's key belongs to another sender.")
        key = partner.key(read.kid, read.whole_key_id, at)
        if key is None:
            raise UnknownKeyError(
                "signature.invalid",
                "The signature names a key that is not registered for you, or no longer counts.",
            )
        if key.algorithm != read.algorithm:
            raise NotProven(
                "signature.invalid", "The signature's algorithm is not that of the key it names."
            )
        check_times(read, at.timestamp())
        verify(read, public_key(key.jwk), digests(partner.signature_profile))
        return key.kid


def _check_action(action: object, actions: frozenset[str]) -> None:
    if isinstance(action, str) and action in actions:
        return
    wanted = " or ".join(sorted(actions))
    known = isinstance(action, str) and action in KNOWN_ACTIONS
    raise NotUnderstood(
        "message.action" if known or not action else "message.action_unknown",
        f"header.action must be {wanted} on this path.",
        field="header.action",
    )


def _purpose(header: Header) -> Purpose | None:
    """A purpose named in header.meta; the partner's agreed one stands otherwise."""
    purpose = header.meta.get("purpose")
    if isinstance(purpose, dict):
        code, text = purpose.get("code"), purpose.get("text")
        if isinstance(code, str) and 0 < len(code) <= 60:
            return Purpose(code, text[:200] if isinstance(text, str) else None)
    if isinstance(purpose, str) and 0 < len(purpose) <= 60:
        return Purpose(purpose)
    return None


def message_key(sender_id: str, message_id: str) -> bytes:
    """One key for one sender's one message, for ever."""
    return hashlib.sha256(f"{sender_id}\x00{message_id}".encode()).digest()


class _Sliced(msgspec.Struct):
    header: msgspec.Raw
    message: msgspec.Raw


def raw_digest(body: bytes) -> bytes:
    """The `raw` profile: header and message exactly as received, joined by one line feed."""
    sliced = msgspec.json.decode(body, type=_Sliced)
    return hashlib.sha256(bytes(sliced.header) + b"\n" + bytes(sliced.message)).digest()
