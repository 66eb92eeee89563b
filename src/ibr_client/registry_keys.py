"""The registry's public keys: fetched from its JWKS, kept for an hour, asked for once more when a
message names one that is not among them.
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from ibr_client.failures import AnswerNotUnderstood, ClientError, KeysNotAvailable, NotSetUp
from ibr_client.refusals import refusal
from ibr_client.steps import Hold, LetGo, Post, Request, Steps, sent
from ibr_messages.encryption import EncryptionKey, encryption_key
from ibr_messages.errors import RegistryError
from ibr_messages.jwk import public_key, usable_keys
from ibr_messages.signature import PublicKey

PATH: Final = "/.well-known/jwks.json"
KEPT_SECONDS: Final = 3600.0
_KEYS: Final = Request("GET", PATH, {}, well_known=True)
# However many messages name unknown keys, the JWKS is fetched no more often than this.
BETWEEN_FETCHES: Final = 60.0


class RegistryKeys:
    """The keys of one registry. With `pinned`, a JWKS handed over before, nothing is fetched."""

    def __init__(self, post: Post, pinned: dict[str, Any] | None = None) -> None:
        self._post = post
        self._pinned = pinned is not None
        self._keys = _usable(pinned) if pinned is not None else []
        self._fetched_at = -math.inf

    def signing_key(self, kid: str, whole_key_id: str) -> Steps[tuple[PublicKey, str] | None]:
        """The key under this id with the algorithm it counts for; nothing where there is none."""
        found = None if self._is_stale() else self._signing(kid, whole_key_id)
        if found is None:
            # Looked at again in any case: another thread may have fetched them in the meantime.
            yield from self._fetch()
            found = self._signing(kid, whole_key_id)
        return found

    def encryption_key(self) -> Steps[EncryptionKey]:
        """The key that messages to the registry are encrypted for."""
        if self._is_stale():
            yield from self._fetch()
        for key in self._keys:
            if key["use"] == "enc":
                return encryption_key(key)
        raise NotSetUp(
            "encryption.no_key", "The registry publishes no key with use enc to encrypt for."
        )

    def _is_stale(self) -> bool:
        age = self._post.clock() - self._fetched_at
        return not self._pinned and not 0 <= age < KEPT_SECONDS

    def _signing(self, kid: str, whole_key_id: str) -> tuple[PublicKey, str] | None:
        for key in self._keys:
            if key["use"] == "sig" and key["kid"] in (kid, whole_key_id):
                return public_key(key), key["alg"]
        return None

    def _fetch(self) -> Steps[None]:
        """Fetches the keys, unless they are pinned or that was just done."""
        if self._pinned:
            return
        yield Hold("keys")
        if not 0 <= self._post.clock() - self._fetched_at < BETWEEN_FETCHES:
            try:
                response = yield from sent(self._post, _KEYS)
                if response.status != 200:
                    raise refusal(response, self._post.clock())
                self._keys = _usable(_document(response.body))
            except ClientError as failed:
                raise KeysNotAvailable(
                    failed.code, f"The registry's keys could not be fetched. {failed.message}"
                ) from failed
            self._fetched_at = self._post.clock()
        yield LetGo("keys")


def _document(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _usable(document: Any) -> list[dict[str, Any]]:
    try:
        return usable_keys(document)[0]
    except RegistryError:
        raise AnswerNotUnderstood(
            "answer.keys", "The registry's JWKS cannot be read, or holds no key of a known kind."
        ) from None
