"""What a receiver's answer means for the message: delivered, tried again, or given up."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ibr.calls.model import Reply
from ibr.interop.dci.read_ack import ack_of
from ibr.outbox.model import Try
from ibr.outbox.outcomes import WORDS, in_words, is_refusal, status_in

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ACK = {"message": {"ack_status": "ACK", "timestamp": "2026-03-02T09:30:00Z", "correlation_id": "c"}}


def answered(body: Any = ACK, status: int = 200, **headers: str) -> Try:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return ack_of(
        Reply(status, {name.replace("_", "-"): it for name, it in headers.items()}, raw), AT
    )


def err(code: Any) -> dict[str, Any]:
    return {"message": {"ack_status": "ERR", "error": {"code": code, "message": "Sudarat"}}}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (ACK, "ack"),
        ({"message": {"ack_status": "NACK"}}, "nack"),
        ({"signature": "x", "header": {}, **ACK}, "ack"),
        ({"ack_status": "ACK"}, "ack"),
        (b"", "no_ack"),
        (b" \r\n", "no_ack"),
        ({}, "no_ack"),
        ([], "no_ack"),
        (b"null", "no_ack"),
        ({"status": "ok"}, "no_ack"),
        ({"message": "received"}, "no_ack"),
        ({"message": {"ack_status": "ack?"}}, "no_ack"),
    ],
)
def test_these_answers_mean_delivered(body: Any, outcome: str) -> None:
    assert answered(body) == Try(outcome=outcome, delivered=True)
    assert answered(body, 202).delivered


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><title>Sign in to the network</title>",
        b"OK",
        b'{"message": {"ack_status": "ACK"',
        b"\xff\xfe{\x00}\x00",
        gzip.compress(msgspec.json.encode(ACK)),
        b"[" * 60_000,
    ],
)
def test_success_that_nobody_understands_is_tried_again(body: bytes) -> None:
    assert answered(body) == Try(outcome="not_json", again=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451])
def test_a_refusal_ends_it(status: int) -> None:
    assert answered(status=status) == Try(outcome=f"http_{status}")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_a_refusal(status: int) -> None:
    tried = answered(b"", status, location="http://169.254.169.254/latest/meta-data/")
    assert tried == Try(outcome=f"http_{status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert answered(status=status) == Try(outcome=f"http_{status}", again=True)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("99999999999999999999", 1_000_000),
        ("Mon, 02 Mar 2026 09:32:00 GMT", 120),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 0),
        ("-5", 0),
        ("soon", 0),
        ("١٢٠", 0),
        ("", 0),
    ],
)
def test_how_long_a_receiver_asks_for(said: str, seconds: int) -> None:
    assert answered(b"", 503, retry_after=said).after == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "code", ["err.request.bad", "err.signature.invalid", "err.sender_id.invalid"]
)
def test_an_err_ends_it_and_its_code_is_kept(code: str) -> None:
    assert answered(err(code)) == Try(outcome=code)


@pytest.mark.parametrize(
    "code", ["err.service.unavailable", "err.request.too_many_requests", "err.request.timeout"]
)
def test_an_err_that_may_pass_is_tried_again(code: str) -> None:
    assert answered(err(code), retry_after="60") == Try(
        outcome=code, again=True, after=timedelta(seconds=60)
    )


@pytest.mark.parametrize(
    "code", [None, 7, "", "Sudarat Phumchai", "err", "err.x; drop table", "err." + "a" * 300]
)
def test_a_receivers_own_words_are_never_kept(code: Any) -> None:
    assert answered(err(code)) == Try(outcome="err")


def test_every_outcome_has_words() -> None:
    for outcome in WORDS:
        assert in_words(outcome) != outcome
    assert in_words(None) == "Not tried yet"
    assert in_words("http_503") == "Answered with HTTP 503"
    assert in_words("http_301") == "Answered with HTTP 301; redirects are not followed"
    assert in_words("err.request.bad") == "Refused with err.request.bad"
    assert in_words("token_timeout") == "The other registry gave no token"
    assert (status_in("http_404"), status_in("http_x"), status_in("ack")) == (404, None, None)
    assert not is_refusal("error")
