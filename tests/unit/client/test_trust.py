"""Answers that are not proven to be the registry's answer to what was asked are not used."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest
from nacl.signing import SigningKey

from ibr_client import AnswerNotTrusted, AnswerNotUnderstood, ClientError, KeysNotAvailable
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical
from tests.registry_double import REGISTRY, Fault, RegistryDouble, changed, http_error


def ask(registry: RegistryDouble, **options: Any) -> bool:
    return registry.client(**options).is_enrolled("UIN", "847951632", "DCI001")


def refused(registry: RegistryDouble, fault: Fault, **options: Any) -> ClientError:
    registry.faults = [fault]
    with pytest.raises(ClientError) as failed:
        ask(registry, **options)
    return failed.value


def signed_by(registry: RegistryDouble, sender: str, key: SigningKey, kid: str) -> Fault:
    """The right answer, signed with this key in this name."""

    def fault(request: httpx.Request) -> httpx.Response:
        right = registry.normally(request).json()
        content = {"header": right["header"] | {"sender_id": sender}, "message": right["message"]}
        signature = Signer(sender, kid, key).sign(canonical(content), registry.clock())
        return httpx.Response(200, content=msgspec.json.encode({"signature": signature} | content))

    return fault


def test_a_proven_answer_is_used(registry: RegistryDouble) -> None:
    """The control of all below."""
    registry.enrolled = {"847951632"}
    registry.faults = [signed_by(registry, REGISTRY, registry.key, registry.jwk["kid"])]
    assert ask(registry) is True


def test_an_answer_without_signature_is_not(registry: RegistryDouble) -> None:
    def unsigned(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request).json()
        del answer["signature"]
        return httpx.Response(200, json=answer)

    assert refused(registry, unsigned).code == "answer.signature.missing"


def test_an_answer_changed_on_the_way_is_not(registry: RegistryDouble) -> None:
    def changed_answer(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request)
        message = answer.json()["message"]
        message["enrolled_response"][0]["enrolled_status"] = "yes"
        return changed(answer, message=message)

    assert refused(registry, changed_answer).code == "answer.signature"


def test_an_answer_that_was_only_written_anew_on_the_way_is_used(registry: RegistryDouble) -> None:
    def indented(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request).json()
        backwards = dict(reversed(answer.items()))
        return httpx.Response(200, content=json.dumps(backwards, indent=2))

    registry.enrolled = {"847951632"}
    registry.faults = [indented]
    assert ask(registry) is True


def test_an_answer_that_can_be_read_in_two_ways_is_not(registry: RegistryDouble) -> None:
    def twice(request: httpx.Request) -> httpx.Response:
        right = registry.normally(request).content
        return httpx.Response(
            200, content=right.replace(b'"status":', b'"status":"rjct","status":')
        )

    assert refused(registry, twice).code == "answer.not_json"


def test_an_answer_with_two_messages_is_not(registry: RegistryDouble) -> None:
    def two(request: httpx.Request) -> httpx.Response:
        right = registry.normally(request).content
        return httpx.Response(200, content=b'{"message":{},' + right[1:])

    assert refused(registry, two).code == "answer.not_json"


def test_an_answer_with_a_changed_header_is_not(registry: RegistryDouble) -> None:
    def changed_answer(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request)
        return changed(answer, header=answer.json()["header"] | {"total_count": 9})

    assert refused(registry, changed_answer).code == "answer.signature"


def test_an_answer_of_another_sender_is_not(registry: RegistryDouble) -> None:
    other = SigningKey.generate()
    kid = public_jwk(other.verify_key)["kid"]
    fault = signed_by(registry, "other.example.org", other, kid)
    assert refused(registry, fault).code == "answer.sender"


def test_an_answer_in_the_registrys_name_with_another_key_is_not(registry: RegistryDouble) -> None:
    other = SigningKey.generate()
    own_kid = public_jwk(other.verify_key)["kid"]
    assert refused(registry, signed_by(registry, REGISTRY, other, own_kid)).code == "answer.key"
    borrowed = signed_by(registry, REGISTRY, other, registry.jwk["kid"])
    assert refused(registry, borrowed).code == "answer.signature"


def test_an_answer_to_another_partner_is_not(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request).json()
        return registry.signed(answer["message"], action="on-search", receiver_id="another")

    assert refused(registry, fault).code == "answer.receiver"


def test_an_answer_to_another_question_is_not(registry: RegistryDouble) -> None:
    """Signed by the registry, and shown again by somebody in between."""
    client = registry.client()
    earlier: list[httpx.Response] = []

    def kept(request: httpx.Request) -> httpx.Response:
        earlier.append(registry.normally(request))
        return earlier[0]

    registry.enrolled = {"1"}
    registry.faults = [kept]
    assert client.is_enrolled("UIN", "1", "DCI001") is True
    registry.faults = [lambda request: earlier[0]]
    with pytest.raises(AnswerNotTrusted, match="another question"):
        client.is_enrolled("UIN", "2", "DCI001")


def test_an_answer_to_another_kind_of_question_is_not(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request).json()
        return registry.signed(answer["message"], action="on-notify")

    assert refused(registry, fault).code == "answer.other"


def test_an_expired_answer_is_not(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request)
        registry.clock.now += 361
        return answer

    assert refused(registry, fault).code == "answer.signature.invalid"


def test_an_answer_just_before_its_end_is_used(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        answer = registry.normally(request)
        registry.clock.now += 359
        return answer

    registry.faults = [fault]
    assert ask(registry) is False


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"<html>", b"[1]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "text", "html", "list", "null", "string", "no UTF-8", "deep"],
)
def test_an_answer_that_is_no_message_is_not(registry: RegistryDouble, body: bytes) -> None:
    error = refused(registry, lambda request: httpx.Response(200, content=body))
    assert isinstance(error, AnswerNotUnderstood)


@pytest.mark.parametrize("member", ["header", "message"])
@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_an_envelope_with_something_else_in_it_is_not(
    registry: RegistryDouble, member: str, value: Any
) -> None:
    error = refused(
        registry, lambda request: changed(registry.normally(request), **{member: value})
    )
    assert isinstance(error, (AnswerNotUnderstood, AnswerNotTrusted))


def test_a_signed_message_in_another_shape_is_not(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        message = registry.normally(request).json()["message"]
        message["enrolled_response"][0]["enrolled_status"] = "perhaps"
        return registry.signed(message, action="on-search")

    assert refused(registry, fault).code == "answer.shape"


def test_an_answer_that_is_too_large_is_not_read(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b" " * 20_001)

    assert refused(registry, fault, largest_answer=20_000).code == "answer.too_large"
    assert ask(registry, largest_answer=20_000) is False


def test_an_answer_that_never_ends_is_not_read(registry: RegistryDouble) -> None:
    def endless() -> Any:
        while True:
            yield b" " * 1000

    error = refused(
        registry,
        lambda request: httpx.Response(200, content=endless()),
        largest_answer=20_000,
    )
    assert error.code == "answer.too_large"


def test_an_answer_that_is_packed_unasked_is_not_unpacked(registry: RegistryDouble) -> None:
    def fault(request: httpx.Request) -> httpx.Response:
        assert request.headers["accept-encoding"] == "identity"
        return httpx.Response(200, headers={"content-encoding": "br"}, stream=_Stream())

    class _Stream(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            raise AssertionError("it was read")

    registry.faults = [fault] * 99
    with pytest.raises(ClientError, match="compressed"):
        ask(registry)


def test_a_gateways_page_is_no_answer(registry: RegistryDouble) -> None:
    error = refused(registry, lambda request: httpx.Response(404, html="<h1>Nothing here</h1>"))
    assert error.code == "http.404"
    assert "Nothing here" not in str(error)


# Keys


def test_keys_are_looked_up_once_an_hour(registry: RegistryDouble) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    registry.clock.now += 3599
    client.is_enrolled("UIN", "1", "DCI001")
    assert registry.key_fetches == 1
    registry.clock.now += 2
    client.is_enrolled("UIN", "1", "DCI001")
    assert registry.key_fetches == 2


def test_a_new_key_of_the_registry_is_found(registry: RegistryDouble) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    registry.clock.now += 61
    new = SigningKey.generate()
    registry.published.append(public_jwk(new.verify_key))
    registry.signer = Signer(REGISTRY, public_jwk(new.verify_key)["kid"], new)
    assert client.is_enrolled("UIN", "1", "DCI001") is False
    assert registry.key_fetches == 2


def test_unknown_keys_cause_one_look_a_minute(registry: RegistryDouble) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    other = SigningKey.generate()
    for number in range(10):
        registry.faults = [signed_by(registry, REGISTRY, other, f"key-{number}")]
        with pytest.raises(AnswerNotTrusted):
            client.is_enrolled("UIN", "1", "DCI001")
    assert registry.key_fetches == 1


def test_a_key_that_is_published_no_more_does_not_count_after_the_hour(
    registry: RegistryDouble,
) -> None:
    client = registry.client()
    client.is_enrolled("UIN", "1", "DCI001")
    registry.published = [public_jwk(SigningKey.generate().verify_key)]
    registry.clock.now += 3601
    with pytest.raises(AnswerNotTrusted):
        client.is_enrolled("UIN", "1", "DCI001")


def test_keys_that_were_handed_over_are_not_looked_up(registry: RegistryDouble) -> None:
    assert ask(registry, registry_keys={"keys": [registry.jwk]}) is False
    assert registry.key_fetches == 0


def test_other_keys_than_those_handed_over_do_not_count(registry: RegistryDouble) -> None:
    other = public_jwk(SigningKey.generate().verify_key)
    with pytest.raises(AnswerNotTrusted):
        ask(registry, registry_keys={"keys": [other]})


def test_keys_of_an_unknown_kind_do_no_harm(registry: RegistryDouble) -> None:
    registry.published.insert(0, {"kty": "AKP", "kid": "post-quantum", "use": "sig"})
    assert ask(registry) is False


def test_without_keys_nothing_is_believed(registry: RegistryDouble) -> None:
    answer = registry.answer

    def no_keys(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("jwks.json"):
            return http_error(503)(request)
        return answer(request)

    registry.answer = no_keys  # type: ignore[method-assign]
    with pytest.raises(KeysNotAvailable):
        ask(registry)


# Encryption


def test_messages_go_and_come_encrypted(registry: RegistryDouble) -> None:
    registry.encrypts = True
    registry.enrolled = {"847951632"}
    assert ask(registry, encrypted=True) is True
    [request] = registry.sent("/registry/sync/enrolled")
    assert b"847951632" not in request.content
    assert request.content.count(b"ciphertext") == 1


def test_an_encrypted_answer_for_another_key_is_not_read(registry: RegistryDouble) -> None:
    registry.encrypts = True
    registry.credentials.decryption_keys = []
    with pytest.raises(ClientError) as failed:
        ask(registry)
    assert failed.value.code == "encryption.no_key"


def test_without_a_key_of_the_registry_nothing_goes_out_plain(registry: RegistryDouble) -> None:
    registry.published = [registry.jwk]
    with pytest.raises(ClientError) as failed:
        ask(registry, encrypted=True)
    assert failed.value.code == "encryption.no_key"
    assert registry.sent("/registry/sync/enrolled") == []
