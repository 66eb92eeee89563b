"""The samples of the developers' pages work: signed by their reader, the registry accepts each."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from ibr.clock import now
from ibr.interop.dci.samples import samples, signing_vector
from ibr.questions.developing import Sample
from ibr_messages.strict_json import canonical
from tests.door import REGISTRY, Door, System

NAMES = (
    "enrollment_updates",
    "enrolled",
    "sync_search",
    "search",
    "subscribe",
    "unsubscribe",
    "sync_txn_status",
    "txn_status",
)
CALLBACKS = "https://spmis.example.org/callback"
VECTOR = Path(__file__).parents[2] / "docs" / "standard" / "signature_test_vector.json"


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    return door.partner(callback_urls=[CALLBACKS])


def sample_of(door: Door, system: System, name: str) -> Sample:
    partner = door.services.book.as_last_read(system.credentials["client_id"])
    assert partner is not None
    made = samples(partner, REGISTRY, ["DCI001"], ["DCI002", "DCI001"], now())
    assert tuple(each.name for each in made) == NAMES
    return next(each for each in made if each.name == name)


@pytest.mark.parametrize("name", NAMES)
def test_a_signed_sample_is_accepted(door: Door, system: System, name: str) -> None:
    sample = sample_of(door, system, name)
    content = json.loads(sample.text)
    answer = system.post(sample.path, system.sealed(content["header"], content["message"]))
    assert answer.status == 200
    assert answer.message.get("ack_status", "ACK") == "ACK", answer.raw
    for items in ("enrolled_response", "search_response"):
        assert {each["status"] for each in answer.message.get(items, [])} <= {"succ"}


@pytest.mark.parametrize("name", NAMES)
def test_the_digest_is_that_of_the_sample(door: Door, system: System, name: str) -> None:
    sample = sample_of(door, system, name)
    document = json.loads(sample.text)
    content = canonical({"header": document["header"], "message": document["message"]})
    assert sample.digest == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert sample.lines.endswith(f"digest: {sample.digest}")
    assert f"{system.sender_id}|{system.kid}|ed25519" in document["signature"]


def test_an_unsigned_sample_is_refused(door: Door, system: System) -> None:
    sample = sample_of(door, system, "enrolled")
    answer = system.post(sample.path, sample.text.encode())
    assert answer.error == "err.signature.invalid"


def test_no_sample_is_shown_that_the_partner_may_not_send(door: Door) -> None:
    asking = door.partner(scopes=["registry.enrolled"])
    partner = door.services.book.as_last_read(asking.credentials["client_id"])
    assert partner is not None
    made = samples(partner, REGISTRY, [], [], now())
    assert [each.name for each in made] == ["enrolled"]
    assert "PROGRAMME_CODE" in made[0].text


def test_the_vector_is_the_published_one() -> None:
    published = json.loads(VECTOR.read_text(encoding="utf-8"))
    made = signing_vector()
    assert made["seed"] == published["seed_hex"]
    assert made["public"] == published["public_key_b64url"]
    assert made["canonical"] == published["canonical_json"]
    assert made["digest"] == published["digest_sha256_b64"]
    assert made["lines"] == published["signing_string"]
    assert made["signature"] == published["signature_b64"]
    assert made["whole"] == published["envelope"]["signature"]
