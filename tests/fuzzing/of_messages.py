"""Messages, the query language and records, as the standard's door reads them."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec

from ibr.access.limits import RequestLimit
from ibr.access.model import Partner
from ibr.access.scopes import SCOPES
from ibr.access.tokens import Tokens
from ibr.deliveries.terms import read_terms
from ibr.errors import NotUnderstood
from ibr.interop.dci.envelope import KNOWN_ACTIONS, Caller, Envelopes, Opened
from ibr.interop.dci.file_form import Form, as_json
from ibr.interop.dci.messages.read_beneficiary import read_beneficiary
from ibr.interop.dci.messages.told_record import read_told, records_in
from ibr.interop.dci.query import expression, idtype_value, predicate
from ibr.interop.dci.query.criteria import read_pagination, read_purpose, read_wanted
from ibr.interop.dci.query.enrolled_query import read_enrolled_query
from ibr.interop.dci.query.status_asked import read_asked
from ibr.interop.dci.query.subscribe_criteria import (
    echoed,
    read_event_type,
    read_filter,
    read_frequency,
)
from ibr.interop.dci.read_updates import read_updates
from ibr.interop.dci.search import read_search
from ibr.interop.dci.source_answers import codes_given, items_in, read_events, read_items
from ibr.interop.dci.subscribe import read_subscribe, read_unsubscribe
from ibr.sources.attributes import ATTRIBUTES
from ibr_messages.encryption import encrypt, encryption_key, new_key
from ibr_messages.flat import read_csv, to_csv
from ibr_messages.strict_json import (
    canonical,
    canonical_other_spellings,
    read_object,
)

TESTS = Path(__file__).parents[1]
AT = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
FOLDER = Path(tempfile.gettempdir())
PARTNER = Partner(
    partner_id=1,
    sender_id="payer.example.org",
    name="Payer",
    client_id="payer",
    secret_hash="",
    signature_policy="off",
    signature_profile="canonical",
    scopes=frozenset(SCOPES),
    ask=frozenset({1}),
    report=frozenset({1}),
    purpose_code="enrolment_check",
    suspended=False,
)
CALLER = Caller(PARTNER, PARTNER.scopes)
_KEY = new_key("ECDH-ES+A256KW")
_PUBLISHED = {**_KEY.public_jwk(), "kid": "e", "use": "enc"}
_OWN_KEYS = SimpleNamespace(decryption_key=lambda *_args, **_more: _KEY)
ENVELOPES = Envelopes(
    cast(Any, None),
    Tokens("ibr.example.org", 900),
    frozenset({"ibr.example.org", "ibr"}),
    RequestLimit(1),
    own_keys=cast(Any, _OWN_KEYS),
    partner_keys=cast(Any, None),
    largest_message=1 << 20,
    always_signed=False,
)


def golden() -> Iterator[bytes]:
    """The standard's messages as they were set down, with this sender in their header."""
    for path in sorted((TESTS / "standard" / "golden").glob("*.json")):
        document = json.loads(path.read_bytes())
        if isinstance(document, dict) and isinstance(document.get("header"), dict):
            document["header"] |= {"sender_id": PARTNER.sender_id, "receiver_id": "ibr"}
        yield json.dumps(document).encode()


def hostile() -> Iterator[bytes]:
    """What somebody sent who should not have, small enough to be changed further."""
    for path in sorted((TESTS / "hostile" / "corpus").iterdir()):
        content = path.read_bytes()
        if path.suffix != ".tsv" and len(content) < 16_384:
            for name, value in (
                (b"@NOW@", b"2026-01-15T09:30:00Z"),
                (b"@ID@", b"m-1"),
                (b"@ACTION@", b"search"),
            ):
                content = content.replace(name, value)
            yield content.replace(b"@SENDER@", PARTNER.sender_id.encode())


def messages() -> Iterator[bytes]:
    yield from golden()
    yield from hostile()


def read_json(content: bytes) -> None:
    """What is read must come out the same from what is written of it."""
    value = read_object(content)
    written = canonical(value)
    assert read_object(written) == value
    canonical_other_spellings(value)


def read_message(content: bytes) -> None:
    """A whole message through every check but the signature's, then by what it asks for."""
    opened = ENVELOPES.open(content, CALLER, KNOWN_ACTIONS)
    read_terms(opened.header.meta)
    for reader in _READERS.get(_action(content), ()):
        reader(opened)


def _action(content: bytes) -> str:
    return str(read_object(content)["header"]["action"])


def _search(opened: Opened) -> None:
    for item in read_search(opened)[1]:
        assert item.reference_id


def _subscribe(opened: Opened) -> None:
    for entry in read_subscribe(opened)[1]:
        try:
            read_event_type(entry.criteria)
            kind, _ = read_filter(entry.criteria)
            read_frequency(entry.criteria, AT)
            read_purpose({"authorize": entry.criteria.get("authorize")})
            canonical(echoed(entry.criteria, kind))
        except NotUnderstood:
            continue


def _enrolled(opened: Opened) -> None:
    criteria = opened.message.get("enrolled_criteria")
    if isinstance(criteria, dict):
        read_enrolled_query(criteria.get("query"))


def _answers(opened: Opened) -> None:
    for name in ("search_response", "subscribe_response"):
        if name in opened.message:
            codes_given(read_items("t", items_in(opened.message, name)))


def _told(opened: Opened) -> None:
    for event in read_events(opened.message, opened.header.meta):
        for raw in event.records:
            read_told(raw, frozenset(ATTRIBUTES), "UIN")


_READERS: dict[str, tuple[Any, ...]] = {
    "search": (_enrolled, _search),
    "subscribe": (_subscribe,),
    "unsubscribe": (read_unsubscribe,),
    "txn-status": (lambda opened: read_asked(opened.message),),
    "on-search": (_answers,),
    "on-subscribe": (_answers,),
    "notify": (_told,),
}


def read_query(content: bytes) -> None:
    """One query, by every form that a query may have; each refuses it or makes a filter of it."""
    query = read_object(content)
    for read in (expression.read, predicate.read, idtype_value.read, read_enrolled_query):
        _or_refused(read, query.get("query", query))
        _or_refused(read, query.get("list"))
        _or_refused(read, [query])
    _or_refused(lambda given: read_wanted(given, (1, 10)), query)
    _or_refused(lambda given: read_pagination(given, given), query)
    _or_refused(read_filter, query)
    _or_refused(lambda given: read_frequency(given, AT), query)
    _or_refused(read_asked, query)
    _or_refused(read_purpose, query)


def _or_refused(read: Any, given: Any) -> None:
    with contextlib.suppress(NotUnderstood):
        read(given)


def queries() -> Iterator[bytes]:
    """Every criterion of the standard's messages, and some of each operator."""
    for content in golden():
        message = json.loads(content).get("message", {})
        for request in message.get("search_request", []) + message.get("subscribe_request", []):
            criteria = request.get("search_criteria") or request.get("subscribe_criteria")
            yield json.dumps(criteria).encode()
        if "enrolled_criteria" in message:
            yield json.dumps(message["enrolled_criteria"]).encode()
    for operator in ("eq", "ne", "gt", "ge", "lt", "le", "in", "not"):
        value = ["1", "2"] if operator == "in" else "2024-01-31"
        inner = {"$and": [{"birth_date": {f"${operator}": value}}, {"sex": {"eq": "1"}}]}
        query = {"type": "x", "value": {"expression": {"query": inner}}}
        yield json.dumps({"query_type": "expression", "query": query}).encode()


def read_record(content: bytes) -> None:
    """One record, strictly or tolerantly, and as another registry's."""
    raw = read_object(content)
    read_beneficiary(canonical(raw), 0, AT, lambda _code: "KES")
    for record in records_in(raw):
        read_told(record, frozenset(ATTRIBUTES), "UIN")


def records() -> Iterator[bytes]:
    for content in messages():
        try:
            message = read_object(content)["message"]
            for record in message["enrolled_updates"]["beneficiaries"]:
                yield canonical(record)
        except (NotUnderstood, LookupError, TypeError):
            continue


def read_stream(content: bytes) -> None:
    """A delivery as it arrives: however it is cut up, it is the same, and as strict as a whole."""
    try:
        whole = _updates([content])
    except NotUnderstood as refused:
        halves: Any = _refused_as(refused, content)
    else:
        halves = _updates(_cut(content))
        assert read_object(content).get("header", whole[0]) == whole[0]
    assert halves is None or halves == whole


def _refused_as(refused: NotUnderstood, content: bytes) -> None:
    try:
        _updates(_cut(content))
    except NotUnderstood as again:
        if again.code != refused.code:
            raise AssertionError("refused in pieces for another reason") from again
    else:
        raise AssertionError("read in pieces, and refused as a whole") from refused


def _cut(content: bytes) -> list[bytes]:
    size = 1 + len(content) % 7
    return [content[at : at + size] for at in range(0, len(content), size)]


def _updates(pieces: list[bytes]) -> tuple[Any, ...]:
    updates = read_updates(iter(pieces), FOLDER)
    try:
        records = [record for block in updates.blocks() for record in block]
        # Only what has a header and a message ever comes to its signature (envelope.py).
        whole = isinstance(updates.header, dict) and updates.message is not None
        digests = list(updates.digests(iter(pieces), "canonical")) if whole else []
        for record in records:
            read_beneficiary(record, 0, AT, lambda _code: None)
        return updates.header, updates.message, records, digests
    finally:
        updates.close()


def read_form(content: bytes) -> None:
    """A multipart form with a file, in two pieces."""
    form = Form({b"content-type": b"multipart/form-data; boundary=cut"}, 1 << 20)
    half = len(content) // 2
    parts = [form.feed(content[:half]), form.feed(content[half:])]
    b"".join(as_json(parts, form.file(), 1 << 20))


def forms() -> Iterator[bytes]:
    for content in golden():
        lines = [b"--cut\r\n"]
        for name, value in (("action", b"search"), ("fileFormat", b"json"), ("fileName", content)):
            head = f'Content-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
            lines += [head.encode(), value, b"\r\n--cut\r\n"]
        yield b"".join(lines)[:-2] + b"--\r\n"


def read_flat(content: bytes) -> None:
    """A message as a CSV file; what it stands for is JSON that is read strictly."""
    canonical(read_csv(content))


def flat_files() -> Iterator[bytes]:
    for content in golden():
        document = json.loads(content)
        try:
            yield to_csv({"signature": "x"} | document)
        except (NotUnderstood, KeyError, TypeError):
            continue


def read_encrypted_message(content: bytes) -> None:
    """An encrypted message, opened with a key of ours."""
    ENVELOPES.decrypted(read_object(content), AT, 1 << 20)


def encrypted() -> Iterator[bytes]:
    vector = json.loads(
        (TESTS / "standard" / "golden" / "19_search_encrypted_req.json").read_text()
    )
    yield json.dumps(vector["message"]).encode()
    published = TESTS.parent / "docs" / "standard" / "encryption_test_vector.json"
    for value in json.loads(published.read_text()).values():
        if isinstance(value, dict):
            yield json.dumps(value).encode()
    yield msgspec.json.encode(encrypt(b'{"transaction_id":"t"}', encryption_key(_PUBLISHED)))
