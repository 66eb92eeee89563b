"""One message to the registry and the answer to it: sealed, sent, opened, matched with what was
asked.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from ibr_client.bearer import Bearer
from ibr_client.credentials import Credentials
from ibr_client.failures import AnswerNotTrusted, AnswerNotUnderstood, ClientError, Refused
from ibr_client.opening import Opener
from ibr_client.refusals import message_in, refusal, refused_by_ack
from ibr_client.registry_keys import RegistryKeys
from ibr_client.sealing import Sealer, moment_at, new_id
from ibr_client.steps import Post, Request, Response, Steps, sent
from ibr_messages.encryption import encrypt
from ibr_messages.strict_json import canonical
from ibr_messages.types import Ack, MsgCallbackHeader, MsgHeader

T = TypeVar("T")

_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Asked(msgspec.Struct, frozen=True):
    """A message to be sent: where to, as what, and its canonical content."""

    path: str
    header: MsgHeader | MsgCallbackHeader
    message: bytes
    transaction_id: str


class Answered(msgspec.Struct, frozen=True):
    """What came back: the answer's header, and its message still as JSON."""

    header: MsgCallbackHeader
    message: bytes


class Exchange:
    """Sends the messages of one partner to one registry."""

    def __init__(
        self,
        post: Post,
        credentials: Credentials,
        registry_id: str,
        keys: RegistryKeys,
        opener: Opener,
        *,
        encrypted: bool,
        purpose: str | None,
    ) -> None:
        self._post = post
        self._credentials = credentials
        self._registry_id = registry_id
        self._keys = keys
        self._opener = opener
        self._encrypted = encrypted
        self._purpose = purpose
        self._bearer = Bearer(post, credentials)
        self._sealer = Sealer(credentials, post.clock)

    def header(self, action: str, count: int, **further: Any) -> MsgHeader:
        """The header of a request, with an id of its own."""
        return MsgHeader(
            message_id=new_id(),
            message_ts=moment_at(self._post.clock()),
            action=action,
            sender_id=self._credentials.sender_id,
            receiver_id=self._registry_id,
            total_count=count,
            is_msg_encrypted=self._encrypted,
            meta={"purpose": self._purpose} if self._purpose else {},
            **further,
        )

    def answer(self, asked: Asked, action: str) -> Steps[Answered]:
        """The verified answer to a message that is answered at once."""
        response = yield from self._sent(asked)
        if not _is_signed(response.body):
            raise self._unsigned(response)
        opened = yield from self._opener.open(response.body, self._post.largest_answer)
        by_ack = refused_by_ack(opened.message)
        if by_ack is not None:
            raise Refused(
                by_ack.code,
                by_ack.message,
                http_status=response.status,
                reason_code=opened.header.status_reason_code or None,
                correlation_id=by_ack.correlation_id,
            )
        if opened.header.action != action:
            raise AnswerNotTrusted("answer.other", "The answer is to another kind of question.")
        if read(opened.message, _WithTransaction).transaction_id != asked.transaction_id:
            raise AnswerNotTrusted("answer.other", "The answer belongs to another question.")
        return Answered(opened.header, opened.message)

    def acknowledged(self, asked: Asked) -> Steps[str]:
        """The correlation id of a message that will be answered later."""
        response = yield from self._sent(asked)
        refused = None if response.status == 200 else refusal(response, self._post.clock())
        refused = refused or refused_by_ack(message_in(response.body))
        if refused is not None:
            raise refused
        return read(response.body, Ack).message.correlation_id

    def _unsigned(self, response: Response) -> ClientError:
        """What an answer without signature stands for: a refusal, or nothing that counts."""
        if response.status != 200:
            return refusal(response, self._post.clock())
        by_ack = refused_by_ack(message_in(response.body))
        if by_ack is not None:
            return by_ack
        read(response.body, dict)
        return AnswerNotTrusted("answer.signature.missing", "The answer is not signed.")

    def _sent(self, asked: Asked) -> Steps[Response]:
        """The answer to the sealed message; with a fresh token where the first was refused."""
        message = asked.message
        if self._encrypted:
            key = yield from self._keys.encryption_key()
            message = canonical(encrypt(message, key))
        # Sealed once: every try sends these very bytes, so that they count once.
        body = self._sealer.seal(asked.header, message)
        token = yield from self._bearer.token()
        response = yield from sent(self._post, _posted(asked.path, body, token))
        if response.status == 401:
            self._bearer.discard(token)
            token = yield from self._bearer.token()
            response = yield from sent(self._post, _posted(asked.path, body, token))
        return response


def _posted(path: str, body: bytes, token: str) -> Request:
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    return Request("POST", path, headers, body)


class _Looked(msgspec.Struct):
    signature: str | None = None
    header: msgspec.Raw = msgspec.Raw()


def _is_signed(body: bytes) -> bool:
    try:
        looked = msgspec.json.decode(body, type=_Looked)
    except _UNREADABLE:
        return False
    return looked.signature is not None and bool(bytes(looked.header))


class _WithTransaction(msgspec.Struct):
    transaction_id: str


def read(written: bytes, kind: type[T]) -> T:
    """JSON as a message of this type; AnswerNotUnderstood says where it does not fit."""
    try:
        return msgspec.json.decode(written, type=kind)
    except _UNREADABLE as wrong:
        raise AnswerNotUnderstood(
            "answer.shape", f"The answer is not in the standard's shape: {wrong}"
        ) from None
