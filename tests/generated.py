"""Requests made up from an OpenAPI description by schemathesis, sent to the door in this process.

How many for each address and kind is IBR_TEST_GENERATED, 10 where it is not set.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from copy import deepcopy
from typing import Any, Final

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis import Case, GenerationMode
from urllib3 import HTTPResponse

from ibr.clock import now, written
from ibr.errors import NotUnderstood
from ibr.ids import new_token
from ibr.interop.dci.docs_page import VERBS
from ibr_messages.flat import to_csv
from tests.door import REGISTRY, Door, Json, System

EXAMPLES: Final = int(os.environ.get("IBR_TEST_GENERATED", "10"))
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ADDRESS: Final = "http://registry.test"


class DoorAdapter(HTTPAdapter):
    """What lets the library `requests` talk to the door without a network."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        assert request.url is not None
        body = request.body.encode() if isinstance(request.body, str) else request.body
        reply = self._door.request(
            request.method or "POST",
            request.url.removeprefix(ADDRESS),
            content=body or b"",
            headers=dict(request.headers),
        )
        raw = HTTPResponse(
            io.BytesIO(reply.raw),
            dict(reply.headers),
            reply.status,
            preload_content=False,
            request_method=request.method,
        )
        return self.build_response(request, raw)


def session_of(door: Door) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount(ADDRESS, DoorAdapter(door))
    return session


def operations(description: Json) -> list[tuple[str, str]]:
    """Every address with its method."""
    return [
        (path, verb.upper())
        for path, item in description["paths"].items()
        for verb in item
        if verb in VERBS
    ]


# What hides everything behind it where it is wrong, and can be put right.
MENDED: Final = ("names", "time", "count", "open", "address", "version", "plain")


def _counted(message: Any) -> int:
    """How many items a message holds."""
    if isinstance(message, dict):
        for name in ("search_request", "subscribe_request", "subscription_codes"):
            if isinstance(message.get(name), list):
                return len(message[name])
        updates = message.get("enrolled_updates")
        if isinstance(updates, dict) and isinstance(updates.get("beneficiaries"), list):
            return len(updates["beneficiaries"])
    return 1


def _plain(value: Any) -> Any:
    """Without what no message may hold: NUL, half characters, numbers that no double holds."""
    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    return 7 if isinstance(value, int) and abs(value) > 2**53 else value


def mended(body: Any, system: System, which: Collection[str] = MENDED) -> Any:
    """The message with what no generator can know: who sends it, when, how many items it has."""
    if not isinstance(body, dict) or not isinstance(body.get("header"), dict):
        return body
    whole: Json = _plain(body) if "plain" in which else body
    header = whole["header"]
    if "names" in which:
        header |= {"sender_id": system.sender_id, "message_id": new_token()}
        header["receiver_id"] = REGISTRY
    if "time" in which:
        header["message_ts"] = written(now())
    if "count" in which:
        header["total_count"] = _counted(whole.get("message"))
    if "open" in which and "ciphertext" not in (whole.get("message") or {}):
        header["is_msg_encrypted"] = False
    if "address" in which:
        header.pop("sender_uri", None)
    if "version" in which:
        header["version"] = "1.0.0"
    return whole


def mend(case: Case, inner: Any, system: System, which: Collection[str]) -> None:
    """Mends a message, or the message in the file of a form: `inner`, made up as well."""
    if case.media_type != "multipart/form-data":
        case.body = mended(case.body, system, which)
        return
    message = mended(inner, system, which)
    if not isinstance(case.body, dict) or not isinstance(message, dict):
        return
    case.body["fileFormat"] = "json"
    case.body["fileName"] = json.dumps(message).encode()
    if len(json.dumps(message)) % 2:
        with suppress(NotUnderstood):
            case.body["fileName"] = to_csv(message)
            case.body["fileFormat"] = "csv"


@st.composite
def _cases(draw: st.DrawFn, operation: Any, mode: GenerationMode) -> tuple[Case, Any, set[str]]:
    case = draw(operation.as_strategy(generation_mode=mode))
    inner = None
    if case.media_type == "multipart/form-data":
        further = (draw(operation.as_strategy(generation_mode=mode)) for _ in range(4))
        inner = next((each.body for each in further if each.media_type != case.media_type), None)
    missing = draw(st.sampled_from([None, None, None, None, *MENDED]))
    return case, inner, draw(st.sampled_from([set(MENDED) - {missing}] * 4 + [set()]))


def each_case(
    description: Any, path: str, verb: str, mode: GenerationMode, system: System
) -> Callable[[Callable[[Case], None]], None]:
    """Runs a check with made-up requests, most of them mended."""

    def run(check: Callable[[Case], None]) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize="IBR_TEST_GENERATED" not in os.environ,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(_cases(description[path][verb], mode))
        def checked(made: tuple[Case, Any, set[str]]) -> None:
            case, inner, which = made
            if which:
                mend(case, inner, system, which)
            check(case)

        checked()

    return run


def loaded(description: Json) -> Any:
    """The description as schemathesis reads it: a copy, for it mends examples where they stand."""
    return schemathesis.openapi.from_dict(deepcopy(description))


def every_mode(description: Json) -> list[tuple[str, str, GenerationMode]]:
    """Every address with right and with wrong requests; where nothing is sent none is wrong."""
    return [
        (path, verb, mode)
        for path, verb in operations(description)
        for mode in MODES
        if verb not in ("GET", "HEAD", "DELETE") or mode is GenerationMode.POSITIVE
    ]
