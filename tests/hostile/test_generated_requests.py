"""Requests made up from /openapi.json, right ones and wrong ones: no failure, no other shape.

A longer run: IBR_TEST_GENERATED=2000 (CONTRIBUTING.md).
"""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ibr.interop.own.own_door import OwnDoor
from ibr.interop.own.own_openapi import published as document
from tests.described import answer_fits
from tests.door import Door, System
from tests.generated import ADDRESS, each_case, every_mode, loaded, session_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIPTION = loaded(document())


@pytest.fixture(scope="module", autouse=True)
def own_addresses(door: Door) -> None:
    """The registry's own addresses are in front of the standard's, as they are described."""
    own = httpx.ASGITransport(app=OwnDoor(door.services, door.app), raise_app_exceptions=True)
    door.run(door.client.aclose())
    door.client = httpx.AsyncClient(transport=own, base_url=ADDRESS)


@pytest.fixture(scope="module")
def system(door: Door) -> System:
    """A partner whose messages need no signature, so that everything behind it is reached."""
    return door.partner(signature="off", callback_urls=["https://mis.example.org/dci"])


@pytest.mark.parametrize(
    ("path", "verb", "mode"), every_mode(document()), ids=lambda each: getattr(each, "name", each)
)
def test_every_answer_is_as_described(
    door: Door, system: System, path: str, verb: str, mode: GenerationMode
) -> None:
    session = session_of(door)
    session.headers["Authorization"] = f"Bearer {system.token}"

    def check(case: Case) -> None:
        response = case.call(base_url=ADDRESS, session=session)
        assert response.status_code < 500
        case.validate_response(response, checks=CHECKS)
        assert answer_fits(path, verb, response.status_code, response.content)

    each_case(DESCRIPTION, path, verb, mode, system)(check)


def test_control_an_answer_that_is_not_described_is_noticed(door: Door, system: System) -> None:
    other: dict[str, Any] = {**document(), "components": {**document()["components"]}}
    other["components"]["schemas"] = {
        **other["components"]["schemas"],
        "JsonWebKeySet": {"type": "object", "required": ["something else"]},
    }
    case = loaded(other)["/.well-known/jwks.json"]["GET"].Case()
    response = case.call(base_url=ADDRESS, session=session_of(door))
    with pytest.raises(FailureGroup) as noticed:
        case.validate_response(response, checks=CHECKS)
    assert "something else" in str(noticed.value.exceptions[0])
    more = msgspec.json.encode(response.json() | {"more": 1})
    assert answer_fits("/.well-known/jwks.json", "GET", 200, response.content)
    assert not answer_fits("/.well-known/jwks.json", "GET", 200, more)
