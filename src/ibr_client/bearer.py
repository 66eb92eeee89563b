"""The bearer token: fetched, kept while it lasts, fetched anew when it is refused."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

import msgspec

from ibr_client.credentials import Credentials
from ibr_client.failures import AnswerNotUnderstood
from ibr_client.refusals import refusal
from ibr_client.steps import Hold, LetGo, Post, Request, Steps, sent

PATH: Final = "/oauth2/client/token"
# A token is replaced this long before its end, so that it does not end on the way.
_MARGIN: Final = 60.0
_TOKEN: Final = re.compile(r"[!-~]{1,8000}")


class _Token(msgspec.Struct):
    access_token: str
    # The standard writes a text here, RFC 6749 a number; both are read.
    expires_in: float | str = 0


class Bearer:
    """The token of one client."""

    def __init__(self, post: Post, credentials: Credentials) -> None:
        self._post = post
        self._credentials = credentials
        self._token = ""
        self._until = 0.0

    def token(self) -> Steps[str]:
        """A token that counts now."""
        if self._counts():
            return self._token
        yield Hold("token")
        # Whoever held it before may have fetched one.
        if not self._counts():
            yield from self._fetch()
        yield LetGo("token")
        return self._token

    def discard(self, token: str) -> None:
        """The registry refused this one."""
        if token == self._token:
            self._token = ""

    def _counts(self) -> bool:
        return bool(self._token) and self._post.clock() < self._until

    def _fetch(self) -> Steps[None]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", PATH, headers, urlencode(form).encode())
        began = self._post.clock()
        response = yield from sent(self._post, request)
        if response.status != 200:
            raise refusal(response, self._post.clock())
        try:
            given = msgspec.json.decode(response.body, type=_Token)
            life = float(given.expires_in)
            if not _TOKEN.fullmatch(given.access_token):
                raise ValueError("not a token that a header can carry")
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
            raise AnswerNotUnderstood(
                "answer.token", f"What {PATH} answered is no token. Is the address a registry's?"
            ) from None
        self._token = given.access_token
        self._until = began + life - min(_MARGIN, life / 10)
