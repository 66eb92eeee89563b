"""What the trace is told of messages: of each that arrives, and of each try to deliver one.

The door only notes how far a message came (visit.py). Everything else - reading what a refused
message called itself, whose expired token it carried, why its signature does not verify - is
worked out later, in the background, by the functions handed to the recorder here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from ibr.access.model import Partner, PartnerKey
from ibr.access.partners import PartnerBook
from ibr.access.tokens import Tokens
from ibr.errors import NotProven, NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci.answers import Answer
from ibr.interop.dci.reasons import reason_of, text_of
from ibr.interop.dci.visit import Visit
from ibr.outbox.model import TEST
from ibr.trace.model import LARGEST_CONTENT, Row, SignatureVerdict, Traced, cut
from ibr.trace.recorder import Recorder
from ibr_messages.diagnose import Case, Diagnosis, Finding, KnownKey, diagnose
from ibr_messages.signature import key_id_of, parts_of
from ibr_messages.strict_json import read_object

_GRANTING: Final = "/oauth2/client/token"
_DELIVERIES: Final = "/registry/sync/enrollment/updates"
# A refusal of a whole message is shorter than this.
_HEAD: Final = 8_192
_KEYS: Final = "/.well-known/jwks.json"
# Refusals that a look into the message itself explains.
_EXPLAINED: Final = ("signature.", "message.sender")
# Refusals before a caller is proven, of a token that was ours all the same. What is forged is not
# looked at twice.
_TOKEN_HELD: Final = frozenset({"token.expired", "scope.missing", "too_many_requests"})
_TOO_LARGE: Final = Finding(
    "too_large",
    "The message is too large to be looked into. Send one of less than 64 kB, signed in the same "
    "way, and look at its trace.",
)
_NOT_NOW: Final = Finding(
    "busy",
    "Many messages were refused at once, and only a few of them were looked into. Send one "
    "again, and look at its trace.",
)


class Trace:
    """Tells the recorder of messages at the door."""

    def __init__(self, recorder: Recorder, book: PartnerBook, tokens: Tokens) -> None:
        self._recorder = recorder
        self._book = book
        self._tokens = tokens
        # Asked for every message, so they stand ready.
        self._accepted = recorder.wants_accepted
        self._refused = recorder.wants_refused

    def __call__(self, visit: Visit, answer: Answer) -> None:
        """Notes the outcome of one message; returns at once and raises nothing."""
        refused = visit.refused is not None or answer.status >= 400 or _by_another(visit, answer)
        if not (self._refused if refused else self._accepted) or visit.path == _KEYS:
            return
        if visit.body is not None and len(visit.body) > LARGEST_CONTENT:
            visit.body = None
        milliseconds = round(visit.milliseconds())
        code = _code(visit, answer) or ""
        self._recorder.note(
            visit.caller.partner.partner_id if visit.caller else None,
            lambda explain: self._arrived(visit, answer, refused, milliseconds, explain),
            size=len(visit.body or b"") + len(answer.body),
            explain=code.startswith(_EXPLAINED),
        )

    def _arrived(
        self, visit: Visit, answer: Answer, refused: bool, milliseconds: int, explain: bool
    ) -> Traced:
        partner = visit.caller.partner if visit.caller else self._claimed(visit, answer)
        ids = _ids(visit)
        standard_code, sentence = _said(visit, answer) if refused else (None, None)
        verdict, kid = _signature(visit, answer, refused)
        row = Row(
            trace_id=new_token(),
            at=visit.at,
            partner_id=partner.partner_id if partner else None,
            direction="in",
            path=cut("path", visit.path) or "/",
            verdict="refused" if refused else "accepted",
            signature=verdict,
            action=ids[0],
            message_id=ids[1],
            transaction_id=ids[2],
            http_status=answer.status,
            code=_code(visit, answer) if refused else None,
            standard_code=standard_code,
            sentence=sentence,
            kid=cut("kid", kid),
            diagnosis=_diagnosis(visit, answer, partner, explain),
            bytes=_size(visit),
            milliseconds=milliseconds,
        )
        # What a client proves itself with is never kept, nor the token that it gets for it.
        if visit.path == _GRANTING:
            return Traced(row)
        return Traced(row, visit.body, answer.body[:LARGEST_CONTENT] or None)

    def _claimed(self, visit: Visit, answer: Answer) -> Partner | None:
        """Whose token it was that has expired or does not reach so far, or was given just now."""
        token = b""
        if visit.path == _GRANTING and answer.status == 200:
            token = msgspec.json.decode(answer.body).get("access_token", "").encode()
        elif visit.refused is not None and visit.refused.code in _TOKEN_HELD:
            token = visit.headers.get(b"authorization", b"").partition(b" ")[2].strip()
        if not token:
            return None
        try:
            claims = self._tokens.whose(token.decode("latin-1"))
        except NotProven:
            return None
        return self._book.as_last_read(claims.client_id)


def _by_another(visit: Visit, answer: Answer) -> bool:
    """Whether another process refused a delivery: only its answer says so."""
    return (
        visit.path == _DELIVERIES
        and answer.pieces is None
        and b'"ack_status":"ERR"' in answer.body[:_HEAD]
    )


def _document(body: bytes | None) -> dict[str, Any]:
    if not body:
        return {}
    try:
        return read_object(body)
    except NotUnderstood:
        return {}


def _ids(visit: Visit) -> tuple[str | None, str | None, str | None]:
    """Action, message_id and transaction_id as the message gives them."""
    given: tuple[object, object, object]
    if visit.opened is not None:
        header = visit.opened.header
        given = header.action, header.message_id, visit.opened.message.get("transaction_id")
    else:
        document = _document(None if visit.path == _GRANTING else visit.body)
        header_read, message = document.get("header"), document.get("message")
        header_read = header_read if isinstance(header_read, dict) else {}
        message = message if isinstance(message, dict) else {}
        given = (
            header_read.get("action"),
            header_read.get("message_id"),
            message.get("transaction_id"),
        )
    return cut("action", given[0]), cut("message_id", given[1]), cut("transaction_id", given[2])


def _code(visit: Visit, answer: Answer) -> str | None:
    """Our code of a refusal. Where another process refused a delivery, its answer tells only the
    standard's, which is enough to know that it was the signature."""
    if visit.refused is not None:
        return visit.refused.code
    if not _by_another(visit, answer):
        return None
    standard_code = _said(visit, answer)[0] or ""
    return standard_code.removeprefix("err.") if "signature" in standard_code else None


def _said(visit: Visit, answer: Answer) -> tuple[str | None, str | None]:
    """The standard's code and the sentence of a refusal."""
    if visit.refused is not None:
        reason = reason_of(visit.refused)
        return reason.error, text_of(visit.refused, reason)
    try:
        body = msgspec.json.decode(answer.body)
        error = body["errors"][0] if "errors" in body else body["message"]["error"]
        return str(error["code"]), str(error["message"])
    except (msgspec.DecodeError, KeyError, IndexError, TypeError):
        return None, None


def _signature(visit: Visit, answer: Answer, refused: bool) -> tuple[SignatureVerdict, str | None]:
    """How the signature came out, and the key it was verified with."""
    if visit.opened is not None:
        kid = visit.opened.key_kid
        return ("verified", kid) if kid else ("off", None)
    if refused and (_code(visit, answer) or "").startswith("signature."):
        return "wrong", None
    if refused or visit.caller is None:
        return "unchecked", None
    # A delivery is opened by who takes it in (bulk.py); that it was accepted says the rest.
    text = _document(visit.body).get("signature")
    if visit.caller.partner.signature_policy == "off" and not text:
        return "off", None
    pieces = key_id_of(parts_of(text)).split("|") if isinstance(text, str) else []
    return "verified", pieces[1] if len(pieces) == 3 else None


def _size(visit: Visit) -> int | None:
    if visit.body is not None:
        return len(visit.body)
    announced = visit.headers.get(b"content-length", b"")
    return int(announced) if announced.isdigit() and len(announced) < 18 else None


def _diagnosis(
    visit: Visit, answer: Answer, partner: Partner | None, explain: bool
) -> Diagnosis | None:
    code = _code(visit, answer) or ""
    if not code.startswith(_EXPLAINED) or partner is None:
        return None
    if visit.body is None:
        return Diagnosis([_TOO_LARGE], [])
    if not explain:
        return Diagnosis([_NOT_NOW], [])
    return diagnose(
        Case(
            body=visit.body,
            sender_id=partner.sender_id,
            profile=partner.signature_profile,
            keys=[_known(key, visit.at) for key in partner.keys if key.use == "sig"],
            at=visit.at,
        )
    )


def _known(key: PartnerKey, at: datetime) -> KnownKey:
    """A partner's key as the diagnosis sees it."""
    if key.revoked_at is not None:
        return KnownKey(key.kid, key.jwk, key.algorithm, "revoked")
    if key.not_before > at:
        return KnownKey(key.kid, key.jwk, key.algorithm, "not_yet")
    if key.not_after is not None and key.not_after < at:
        return KnownKey(key.kid, key.jwk, key.algorithm, "ended")
    return KnownKey(key.kid, key.jwk, key.algorithm)


class Try(msgspec.Struct, frozen=True, kw_only=True):
    """One try to deliver a message: `outcome` is None when it was delivered."""

    partner_id: int
    address: str
    action: str
    message_id: str
    transaction_id: str
    at: datetime
    milliseconds: int
    http_status: int | None
    outcome: str | None
    sentence: str | None
    content: bytes
    answer: bytes | None = None


class TellTry(Protocol):
    """Hears of every try to deliver a message; must return at once and raise nothing."""

    def __call__(self, tried: Try) -> None: ...


def tell_tries(recorder: Recorder) -> TellTry:
    """Notes tries in the trace: failed ones, or all where all are traced."""

    def tell(tried: Try) -> None:
        failed = tried.outcome is not None
        # A test is there to be looked at, however it ends.
        looked_at = failed or tried.transaction_id.startswith(TEST)
        if not (recorder.wants_refused if looked_at else recorder.wants_accepted):
            return
        recorder.note(tried.partner_id, lambda _explain: _sent(tried), size=len(tried.content))

    return tell


def _sent(tried: Try) -> Traced:
    row = Row(
        trace_id=new_token(),
        at=tried.at,
        partner_id=tried.partner_id,
        direction="out",
        # An address may carry a secret behind its question mark.
        path=cut("path", tried.address.partition("?")[0]) or "/",
        verdict="accepted" if tried.outcome is None else "refused",
        signature="ours",
        action=cut("action", tried.action),
        message_id=cut("message_id", tried.message_id),
        transaction_id=cut("transaction_id", tried.transaction_id),
        http_status=tried.http_status,
        code=tried.outcome,
        sentence=tried.sentence,
        bytes=len(tried.content),
        milliseconds=tried.milliseconds,
    )
    kept = tried.content if len(tried.content) <= LARGEST_CONTENT else None
    return Traced(row, kept, (tried.answer or b"")[:LARGEST_CONTENT] or None)
