"""The published document describes exactly what is served, and real answers are as it says."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import httpx
import msgspec
import pytest
import schemathesis
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from examples import without_the_client as example
from ibr.codelists.code_list import CodeList
from ibr.codelists.enrolment_status import ENROLMENT_STATUS
from ibr.codelists.people import SEX
from ibr.codelists.programme_kinds import ASSISTANCE_UNIT, BENEFIT_TYPE
from ibr.errors import NotUnderstood
from ibr.files.mapping.read_mapping import read_mapping
from ibr.interop.dci import routes, sources
from ibr.interop.dci.docs_page import VERBS, handlers, kind_of
from ibr.interop.dci.messages.beneficiary import WireBeneficiary
from ibr.interop.dci.openapi import document as of_the_standard
from ibr.interop.own import own_door, own_figures, own_files
from ibr.interop.own.own_openapi import published as document
from ibr_messages.flat import read_csv
from tests.described import fits
from tests.docs.conftest import Reader
from tests.docs.tutorial import commands_of

SOURCE = "".join(Path(each.__file__).read_text(encoding="utf-8") for each in (routes, sources))
# Whole addresses only; the beginning that tells ours from others' ends without a file's name.
_ADDRESS = r'"(/(?:registry|oauth2|callbacks/registry|\.well-known)/[a-z/._-]+[a-z])"'
SERVED = set(re.findall(_ADDRESS, SOURCE))
SERVED -= {each for each in SERVED if f"{each}.json" in SERVED}
# Named so that the trace may keep it as it was asked for; nobody is answered there.
SERVED -= {"/registry/notify"}
_OWN_ADDRESS = r'"(/api/v1/[a-z/{}-]+[a-z])"'
OWN = set(re.findall(_OWN_ADDRESS, Path(own_door.__file__).read_text("utf-8")))
READ = set(re.findall(_OWN_ADDRESS, Path(own_figures.__file__).read_text("utf-8")))
_OF_ONE = {
    (f"/{what}" if what else "", verb.lower()) for verb, what in own_files.FilesDesk(Mock(), 1)._one
}
FILES = {(f"{own_files.FILES}/{{file}}{what}", verb) for what, verb in _OF_ONE} | {
    (own_files.FILES, "get"),
    (own_files.FILES, "post"),
}
SERVED |= OWN | READ | {path for path, _ in FILES}
HERE = Path(__file__).resolve().parents[2] / "docs/tutorials/connect-a-programme.md"


def examples(node: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """Every example of the document with the schema it belongs to."""
    if isinstance(node, dict):
        if "schema" in node and "examples" in node:
            for each in node["examples"].values():
                yield node["schema"], each["value"]
        for value in node.values():
            yield from examples(value)
    elif isinstance(node, list):
        for value in node:
            yield from examples(value)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_has_the_served_addresses_and_no_others() -> None:
    assert set(document()["paths"]) == SERVED


def test_the_registrys_own_addresses_are_in_it() -> None:
    assert {"/api/v1/possible-duplicates", "/api/v1/cases", "/api/v1/cases/steps"} <= OWN
    assert {"/api/v1/indicators", "/api/v1/indicators/{code}/figures", "/api/v1/runs"} <= READ
    files = {path for path, _ in FILES}
    assert {path for path in document()["paths"] if path.startswith("/api/")} == OWN | READ | files


def test_files_are_described_in_every_way_that_is_served() -> None:
    described = {
        (path, verb)
        for path, item in document()["paths"].items()
        if path.startswith(own_files.FILES)
        for verb in item
        if verb != "servers"
    }
    assert described == FILES
    assert len(FILES) == 11


def test_control_an_own_address_that_is_not_described_is_noticed() -> None:
    assert {path for path in of_the_standard()["paths"] if path.startswith("/api/")} != OWN


def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    assert list(OPENAPI_31_VALIDATOR.iter_errors(document())) == []


def test_control_a_document_that_is_none_is_noticed() -> None:
    broken = {**document(), "paths": {"/x": {"post": {"responses": {"200": {}}}}}}
    assert list(OPENAPI_31_VALIDATOR.iter_errors(broken))


def test_every_operation_has_a_name_of_its_own() -> None:
    whole = [*document()["paths"].values(), *document()["components"]["pathItems"].values()]
    names = [each[verb]["operationId"] for each in whole for verb in VERBS if verb in each]
    assert len(names) == len(set(names)) >= len(SERVED)


def test_an_integrators_tool_reads_the_document() -> None:
    read = schemathesis.openapi.from_dict(deepcopy(document()))
    # Files have more than one way at an address.
    assert len(list(read.get_all_operations())) == len(SERVED - {p for p, _ in FILES}) + len(FILES)


def test_every_schema_is_one() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    for reference in references(document()):
        found: Any = document()
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]
        assert found


def test_every_example_fits_its_schema() -> None:
    shown = list(examples(document()))
    assert len(shown) > 90
    for schema, value in shown:
        whole = {**schema, "components": document()["components"]}
        assert list(Draft202012Validator(whole).iter_errors(value)) == [], value


def test_the_mapping_shown_is_one_that_is_read() -> None:
    asked = document()["paths"][f"{own_files.FILES}/{{file}}/mapping"]["put"]["requestBody"]
    [shown] = asked["content"]["application/json"]["examples"].values()
    assert len(read_mapping(msgspec.json.encode(shown["value"])).columns) == 2
    wrong = shown["value"] | {"columns": [{"column": "ID No", "to": "UIN"}]}
    with pytest.raises(NotUnderstood):
        read_mapping(msgspec.json.encode(wrong))


def test_a_member_that_is_not_described_is_noticed() -> None:
    answer = {"keys": [], "secret": "x"}
    assert fits("JsonWebKeySet", answer)
    assert fits("JsonWebKeySet", {"keys": []}) == []


def test_the_csv_files_shown_hold_the_messages_shown() -> None:
    shown = [value for _, value in examples(document()) if "fileName" in value]
    texts = {each["fileFormat"]: each["fileName"] for each in shown}
    assert len(shown) == 12
    assert read_csv(texts["csv"].encode()) == json.loads(texts["json"])


def test_every_name_says_what_it_is() -> None:
    """But for those that only put together what others describe."""
    silent = [
        name
        for name, schema in document()["components"]["schemas"].items()
        if not schema.get("description")
    ]
    assert silent == []


def wire(kind: Any) -> dict[str, set[str]]:
    """The members of a type and of the types below it, by name, as they stand in JSON."""
    _, components = msgspec.json.schema_components([kind], ref_template="{name}")
    return {
        name.removeprefix("Wire"): set(schema["properties"]) for name, schema in components.items()
    }


def test_the_record_shown_is_the_record_that_is_read() -> None:
    shown = document()["components"]["schemas"]
    read = wire(WireBeneficiary)
    assert {name: set(shown[name]["properties"]) for name in read} == read


@pytest.mark.parametrize(
    ("schema", "member", "codes"),
    [
        ("Beneficiary", "assistance_unit", ASSISTANCE_UNIT),
        ("Beneficiary", "enrollment_status", ENROLMENT_STATUS),
        ("Benefit", "benefit_type", BENEFIT_TYPE),
        ("Person", "sex", SEX),
    ],
)
def test_the_codes_shown_are_those_of_their_list(schema: str, member: str, codes: CodeList) -> None:
    shown = document()["components"]["schemas"][schema]["properties"][member]["enum"]
    assert sorted(shown) == sorted(codes.codes())


def test_a_schema_is_told_in_few_words() -> None:
    assert kind_of({"type": "array", "items": {"$ref": "#/components/schemas/Key"}}) == [
        ("list of ", None),
        ("Key", "Key"),
    ]


def test_three_addresses_are_offered() -> None:
    offered = {path for each in handlers(document()) for path in each.paths}
    assert offered == {"/openapi.json", "/docs", "/docs/style.css"}


@pytest.fixture(scope="module")
def talk(reader: Reader) -> Any:
    """Posts as the example does and returns the status and the whole answer."""
    for commands in commands_of(HERE).values():
        reader.run(commands)

    def ask(path: str, action: str, message: dict[str, Any], **more: Any) -> tuple[int, Any]:
        answered: list[httpx.Response] = []

        def post(address: str, **options: Any) -> httpx.Response:
            answered.append(httpx.post(address, trust_env=False, **options))
            return answered[-1]

        with contextlib.chdir(reader.folder), pytest.MonkeyPatch.context() as patch:
            patch.setattr(example, "httpx", SimpleNamespace(post=post))
            with contextlib.suppress(httpx.HTTPStatusError):
                example.post(reader.address, path, action, 1, message, **more)
        return answered[-1].status_code, answered[-1].json()

    return ask


ENROLLED = {
    "enrolled_criteria": {
        "query": {
            "UIN": {"in": ["847951632", "000000000"]},
            "programme_identifier.programme_identifier": {"eq": "DCI001"},
        }
    }
}
SEARCH = {
    "transaction_id": "txn-search",
    "search_request": [
        {
            "reference_id": "ref-1",
            "timestamp": "2026-01-15T09:30:00+00:00",
            "search_criteria": {
                "query_type": "idtype-value",
                "query": {"type": "UIN", "value": "847951632"},
            },
        }
    ],
}


def test_an_enrolled_answer_is_as_described(talk: Any) -> None:
    status, answer = talk("/registry/sync/enrolled", "search", ENROLLED)
    assert (status, fits("SignedEnrolledResponse", answer)) == (200, [])


def test_a_search_answer_is_as_described(talk: Any) -> None:
    status, answer = talk("/registry/sync/search", "search", SEARCH)
    assert (status, fits("SignedSearchResponse", answer)) == (200, [])
    assert answer["message"]["search_response"][0]["data"]["reg_records"]


@pytest.mark.parametrize("txn_type", ["search", "receipt", "subscribe"])
def test_a_status_answer_is_as_described(talk: Any, txn_type: str) -> None:
    request = {
        "transaction_id": "txn-status",
        "txnstatus_request": {
            "reference_id": "ref-2",
            "txn_type": txn_type,
            "attribute_type": "transaction_id",
            "attribute_value": "txn-search",
        },
    }
    status, answer = talk("/registry/sync/txn/status", "txn-status", request)
    assert (status, fits("SignedTxnStatusResponse", answer)) == (200, [])


def test_an_update_with_good_and_bad_records_is_as_described(talk: Any) -> None:
    bad = {"programme_identifier": [{"programme_identifier": "DCI001"}]}
    update = {"enrolled_updates": {"beneficiaries": [bad]}}
    status, answer = talk("/registry/sync/enrollment/updates", "notify", update)
    assert (status, fits("SignedEnrollmentUpdatesResponse", answer)) == (200, [])
    assert answer["message"]["enrolled_response"][0]["status"] == "rjct"


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/registry/sync/enrolled", "SignedRefusedEnrolledResponse"),
        ("/registry/sync/enrollment/updates", "SignedRefusedEnrolledResponse"),
        ("/registry/sync/search", "SignedRefusedSearchResponse"),
        ("/registry/sync/txn/status", "SignedRefusedTxnStatusResponse"),
    ],
)
def test_a_refusal_is_as_described(talk: Any, path: str, schema: str) -> None:
    status, answer = talk(path, "unheard-of", {})
    assert (status, fits(schema, answer)) == (200, [])


def test_a_forbidden_question_is_as_described(talk: Any) -> None:
    other = json.loads(json.dumps(ENROLLED).replace("DCI001", "OTHER"))
    status, answer = talk("/registry/sync/enrolled", "search", other)
    assert (status, fits("HttpErrorResponse", answer)) == (403, [])


def test_errors_without_a_token_are_as_described(reader: Reader) -> None:
    with httpx.Client(base_url=reader.address, trust_env=False) as client:
        for path in sorted(each for each in SERVED if "/registry/" in each):
            assert fits("HttpErrorResponse", client.post(path, json={}).json()) == []
            assert client.get(path).status_code == 405
            assert fits("HttpErrorResponse", client.get(path).json()) == []
        for path in sorted(OWN):
            answer = client.post(path, json={})
            assert (answer.status_code, fits("OwnErrors", answer.json())) == (401, [])
            assert client.get(path).status_code == 404
        for path in (each.replace("{code}", "C2") for each in sorted(READ)):
            answer = client.get(path)
            assert (answer.status_code, fits("OwnErrors", answer.json())) == (401, [])
            assert client.post(path, json={}).status_code == 404
        for path, verb in sorted(FILES):
            answer = client.request(verb, path.replace("{file}", "7"))
            assert answer.status_code == 401
            assert verb == "head" or fits("OwnErrors", answer.json()) == []
        assert client.post("/api/v1/other", json={}).status_code == 404
        refused = client.post("/oauth2/client/token", data={"grant_type": "client_credentials"})
        assert (refused.status_code, fits("TokenErrorResponse", refused.json())) == (401, [])
        assert fits("JsonWebKeySet", client.get("/.well-known/jwks.json").json()) == []


def test_a_token_is_as_described(reader: Reader, talk: Any) -> None:
    partner = json.loads((reader.folder / "partner.json").read_text(encoding="utf-8"))
    form = {"grant_type": "client_credentials", **partner}
    address = f"{reader.address}/oauth2/client/token"
    assert fits("TokenResponse", httpx.post(address, data=form, trust_env=False).json()) == []


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere() -> None:
    from litestar import Litestar
    from litestar.testing import TestClient

    with TestClient(Litestar(route_handlers=handlers(document()), openapi_config=None)) as client:
        page = client.get("/docs")
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for path in SERVED:
            assert path in page.text
        assert (
            re.findall(r'(?:src|href)="(?!#|/docs/style\.css|/openapi\.json)[^"]*"', page.text)
            == []
        )
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert client.get("/openapi.json").json() == document()
        assert client.get("/docs/style.css").headers["content-type"].startswith("text/css")


def test_a_running_registry_serves_page_and_document(reader: Reader) -> None:
    with httpx.Client(base_url=reader.address, trust_env=False) as client:
        assert client.get("/openapi.json").json() == document()
        assert "/registry/sync/enrolled" in client.get("/docs").text
        assert client.get("/docs/style.css").is_success
