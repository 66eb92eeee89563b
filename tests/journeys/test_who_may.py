"""Who may ask and tell: tokens, scopes, senders, programmes (behaviour.md 6, 33; D1 to D3, D9)."""

from __future__ import annotations

import time

import pytest

from tests.door import ENROLLED, JWKS, LATER, MESSAGES, TOKEN, UPDATES, Door, Reply, System
from tests.people import a_number, enrolled


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner()


def both_shapes(reply: Reply, status: int, code: str) -> None:
    """behaviour.md 7: each reader finds its own."""
    assert reply.status == status
    assert reply.headers["content-type"] == "application/json"
    assert reply.body["errors"][0]["code"] == code
    assert reply.message["ack_status"] == "ERR"
    assert reply.message["error"]["code"] == code


@pytest.mark.parametrize("path", [*MESSAGES, *LATER])
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5"])
def test_without_a_token_nothing_is_read(
    system: System, path: str, authorization: str | None
) -> None:
    reply = system.post(path, b"not even JSON", authorization=authorization)
    both_shapes(reply, 401, "err.request.unauthorized")
    assert "www-authenticate" in reply.headers


def test_an_expired_token_is_refused(door: Door, system: System) -> None:
    tokens, partner = door.services.tokens, system.credentials["client_id"]
    old = tokens.make(partner, frozenset({"registry.enrolled"}), time.time() - 4000)
    reply = system.post(ENROLLED, b"{}", authorization=f"Bearer {old}")
    both_shapes(reply, 401, "err.request.unauthorized")


def test_a_token_of_another_registry_is_refused(system: System) -> None:
    header, claims, _ = system.token.split(".")
    reply = system.post(ENROLLED, b"{}", authorization=f"Bearer {header}.{claims}.{'A' * 86}")
    both_shapes(reply, 401, "err.request.unauthorized")


def test_two_tokens_in_one_request_are_refused(door: Door, system: System) -> None:
    token = ("authorization", f"Bearer {system.token}")
    reply = door.request("POST", ENROLLED, content=b"{}", headers=[token, token])
    both_shapes(reply, 401, "err.request.unauthorized")


@pytest.mark.parametrize("path", MESSAGES)
def test_a_token_without_the_scope_is_forbidden(door: Door, path: str) -> None:
    scopes = {"registry.enrolled", "registry.enrollment.updates"}
    other = door.partner(scopes=sorted(scopes))
    allowed = other.post(path, b"").status
    narrow = door.partner(scopes=["registry.search", "registry.txn.status"])
    refused = narrow.post(path, b"").status
    assert {allowed, refused} == {200, 403}


def test_a_partner_that_was_shut_out_is_refused(door: Door) -> None:
    partner = door.partner()
    door.owner("update partner set suspended_at = now() where sender_id = $1", partner.sender_id)
    door.run(door.services.book.refresh(0))
    both_shapes(partner.ask("1", "DCI001"), 401, "err.request.unauthorized")


def test_the_sender_is_who_the_token_was_given_to(door: Door, system: System) -> None:
    reply = system.ask(a_number(), "DCI001", sender_id=door.partner().sender_id)
    assert (reply.status, reply.error) == (200, "err.sender_id.invalid")


def test_the_signature_is_the_senders(door: Door, system: System) -> None:
    other = door.partner()
    content = system.question(a_number(), "DCI001")
    other.sender_id = system.sender_id
    forged = other.question(a_number(), "DCI001")
    assert system.post(ENROLLED, content).status == 200
    assert system.post(ENROLLED, forged).error == "err.signature.invalid"


def test_a_token_and_a_signature_of_two_partners_do_not_go_together(
    door: Door, system: System
) -> None:
    other = door.partner()
    reply = other.post(ENROLLED, system.question(a_number(), "DCI001"))
    assert reply.error == "err.sender_id.invalid"


def test_another_registrys_message_is_not_read(system: System) -> None:
    reply = system.ask(a_number(), "DCI001", receiver_id="crvs")
    assert (reply.status, reply.error) == (200, "err.receiver_id.invalid")


@pytest.mark.parametrize("receiver", ["IBR", "ibr.example.org", "IBR.EXAMPLE.ORG", ""])
def test_our_own_names_are_read_in_any_case(system: System, receiver: str) -> None:
    assert system.ask(a_number(), "DCI001", receiver_id=receiver).status == 200
    assert system.ask(a_number(), "DCI001", receiver_id=receiver).says == ["no"]


def test_a_foreign_programme_in_a_batch_is_refused_record_by_record(door: Door) -> None:
    narrow = door.partner(report=["DCI001"], ask=["DCI001", "DCI002"])
    mine, theirs = a_number(), a_number()
    reply = narrow.report(enrolled(mine, "DCI001"), enrolled(theirs, "DCI002"))
    assert reply.outcomes == ["succ", "rjct"]
    assert narrow.ask(mine, "DCI001").says == ["yes"]
    assert narrow.ask(theirs, "DCI002").says == ["no"]


def test_a_foreign_programme_and_an_unknown_one_are_refused_in_the_same_words(door: Door) -> None:
    narrow = door.partner(report=["DCI001"])
    reply = narrow.report(enrolled(a_number(), "DCI002"), enrolled(a_number(), "NOT_THERE"))
    reasons = {item["status_reason_message"] for item in reply.items}
    assert len(reasons) == 1


# The token endpoint.


def form(system: System, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": system.credentials["client_id"],
        "client_secret": system.credentials["client_secret"],
        **changes,
    }


def test_client_credentials_give_a_token_that_works(door: Door, system: System) -> None:
    reply = door.request("POST", TOKEN, data=form(system))
    assert reply.status == 200
    assert reply.body["token_type"] == "bearer"
    assert reply.headers["cache-control"] == "no-store"
    system.token = reply.body["access_token"]
    assert system.ask(a_number(), "DCI001").says == ["no"]


def test_a_token_never_has_more_scopes_than_the_partner(door: Door) -> None:
    narrow = door.partner(scopes=["registry.search"])
    wide = door.request("POST", TOKEN, data=form(narrow, scope="registry/search registry.enrolled"))
    assert wide.body["scope"] == "registry.search"
    none = door.request("POST", TOKEN, data=form(narrow, scope="registry.enrolled"))
    assert (none.status, none.body["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize("grant", ["password", "implicit", "authorization_code", ""])
def test_no_other_grant_is_given(door: Door, system: System, grant: str) -> None:
    reply = door.request("POST", TOKEN, data=form(system, grant_type=grant))
    assert (reply.status, reply.body["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("wrong", [{"client_secret": "x"}, {"client_id": "nobody"}])
def test_a_wrong_secret_and_an_unknown_client_are_told_the_same(
    door: Door, system: System, wrong: dict[str, str]
) -> None:
    reply = door.request("POST", TOKEN, data=form(system, **wrong))
    assert (reply.status, reply.body["error"]) == (401, "invalid_client")
    assert reply.body["error_description"] == "client_id or client_secret is wrong."


def test_a_secret_in_the_address_is_not_read(door: Door, system: System) -> None:
    reply = door.request("POST", TOKEN, params=form(system))
    assert reply.status == 400


def test_the_keys_are_published_without_their_private_half(door: Door) -> None:
    reply = door.request("GET", JWKS)
    assert reply.status == 200
    keys = reply.body["keys"]
    assert {key["kty"] for key in keys} == {"OKP", "EC", "RSA"}
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in keys)


def test_the_keys_are_for_reading(door: Door) -> None:
    reply = door.request("POST", JWKS)
    assert (reply.status, reply.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", [ENROLLED, UPDATES, TOKEN])
def test_messages_are_posted(door: Door, method: str, path: str) -> None:
    reply = door.request(method, path)
    both_shapes(reply, 405, "err.request.bad")
    assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "path",
    [
        "/registry/on-search",
        "/registry/notify",
        "/registry//sync/enrolled",
        "/registry/sync/enrolled/",
        "/registry/sync/ENROLLED",
        "/registry/../registry/sync/enrolled/x",
    ],
)
def test_other_addresses_hold_nothing(door: Door, system: System, path: str) -> None:
    both_shapes(system.post(path, b"{}"), 404, "err.request.not_found")


def test_a_namespace_and_version_may_stand_before_the_address(system: System) -> None:
    body = system.question(a_number(), "DCI001")
    assert system.post(f"/ibr/v1.0.0{ENROLLED}", body).says == ["no"]
