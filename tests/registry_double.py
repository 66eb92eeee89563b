"""A registry in a few lines, for tests of the client: it checks, signs and answers, and misbehaves
when it is told to.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
from nacl.signing import SigningKey

from ibr_client import AsyncRegistryClient, Credentials, Options, RegistryClient
from ibr_messages.encryption import (
    DecryptionKey,
    decrypt,
    encrypt,
    encryption_key,
    new_key,
    read_encrypted,
)
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer, check_times, read_signature, verify
from ibr_messages.strict_json import canonical, read_object

Json = dict[str, Any]
Fault = Callable[[httpx.Request], httpx.Response]

ADDRESS = "https://ibr.test"
REGISTRY = "ibr.example.org"
PARTNER = "spmis.example.org"
MOMENT = "2026-01-15T09:30:00Z"


class FakeClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = time.time()
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


class RegistryDouble:
    """Answers like a registry; `faults` are used up, one for each request to a registry path."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.key = SigningKey.generate()
        self.jwk = public_jwk(self.key.verify_key)
        self.signer = Signer(REGISTRY, self.jwk["kid"], self.key)
        self.decryption: DecryptionKey = new_key("ECDH-ES+A256KW")
        self.partner_key = SigningKey.generate()
        self.partner_decryption = new_key("ECDH-ES+A256KW")
        self.published = [self.jwk, self.decryption.public_jwk()]
        self.credentials = Credentials(
            sender_id=PARTNER,
            client_id="client",
            client_secret="secret",
            key=self.partner_key,
            decryption_keys=[self.partner_decryption.stored()],
        )
        self.encrypts = False
        self.requests: list[httpx.Request] = []
        self.faults: list[Fault] = []
        self.tokens = 0
        self.refuses_tokens = False
        self.key_fetches = 0
        self.enrolled: set[str] = set()
        self.found: list[Json] = []
        self.status: Json = {}

    # The client's two kinds, each over this double

    def client(self, **options: Any) -> RegistryClient:
        http = httpx.Client(transport=httpx.MockTransport(self.answer))
        return RegistryClient(
            ADDRESS,
            REGISTRY,
            self.credentials,
            Options(clock=self.clock, chance=lambda: 1.0, **options),
            http=http,
            sleep=self.clock.sleep,
        )

    def async_client(self, **options: Any) -> AsyncRegistryClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return AsyncRegistryClient(
            ADDRESS,
            REGISTRY,
            self.credentials,
            Options(clock=self.clock, chance=lambda: 1.0, **options),
            http=http,
            sleep=self.clock.asleep,
        )

    # The registry's side

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/.well-known/jwks.json":
            self.key_fetches += 1
            return httpx.Response(200, json={"keys": self.published})
        if request.url.path == "/oauth2/client/token":
            return self._token(request)
        if self.faults:
            return self.faults.pop(0)(request)
        return self.normally(request)

    def _token(self, request: httpx.Request) -> httpx.Response:
        if self.refuses_tokens:
            return httpx.Response(503)
        form = parse_qs(request.content.decode())
        if form["client_secret"] != ["secret"]:
            error = {"code": "err.request.unauthorized", "message": "client_secret is wrong."}
            return httpx.Response(401, json={"error": "invalid_client", "errors": [error]})
        self.tokens += 1
        return httpx.Response(
            200,
            json={
                "access_token": f"token-{self.tokens}",
                "token_type": "bearer",
                "expires_in": 900,
            },
        )

    def opened(self, request: httpx.Request) -> tuple[Json, Json]:
        """Header and message of a request, its signature checked as the registry does."""
        document = read_object(request.content)
        signature = read_signature(document["signature"])
        assert signature.sender_id == PARTNER
        check_times(signature, self.clock())
        content = canonical({"header": document["header"], "message": document["message"]})
        verify(signature, self.partner_key.verify_key, [hashlib.sha256(content).digest()])
        message = document["message"]
        if document["header"]["is_msg_encrypted"]:
            message = read_object(decrypt(read_encrypted(message, 10**7), self.decryption))
        return document["header"], message

    def normally(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != f"Bearer token-{self.tokens}":
            error = {"code": "err.request.unauthorized", "message": "The token has expired."}
            return httpx.Response(401, json={"errors": [error]})
        header, message = self.opened(request)
        path = request.url.path.removeprefix("/registry/")
        if not path.startswith("sync/"):
            return self.ack()
        made = {
            "sync/enrollment/updates": self._outcomes,
            "sync/enrolled": self._yes_or_no,
            "sync/search": self._found,
            "sync/txn/status": self._status,
        }[path](header, message)
        action = {"sync/enrollment/updates": "on-notify", "sync/txn/status": "txn-on-status"}
        return self.signed(made, action=action.get(path, "on-search"))

    def ack(self, **further: Any) -> httpx.Response:
        ack = {"ack_status": "ACK", "timestamp": MOMENT, "correlation_id": "corr-1", **further}
        return httpx.Response(200, json={"message": ack})

    def signed(self, message: Json, **header: Any) -> httpx.Response:
        return httpx.Response(200, content=self.sealed(message, **header))

    def sealed(self, message: Json, *, signer: Signer | None = None, **header: Any) -> bytes:
        whole = {
            "version": "1.0.0",
            "message_id": f"answer-{len(self.requests)}",
            "message_ts": MOMENT,
            "status": "succ",
            "total_count": 1,
            "completed_count": 1,
            "sender_id": REGISTRY,
            "receiver_id": PARTNER,
            "is_msg_encrypted": self.encrypts,
            "meta": {},
            **header,
        }
        if self.encrypts:
            public = self.partner_decryption.public_jwk()
            message = encrypt(canonical(message), encryption_key(public))
        content = canonical({"header": whole, "message": message})
        signature = (signer or self.signer).sign(content, self.clock())
        return b'{"signature":' + canonical(signature) + b"," + content[1:]

    def _outcomes(self, header: Json, message: Json) -> Json:
        records = message["enrolled_updates"]["beneficiaries"]
        assert header["total_count"] == len(records)
        items = [
            {"reference_id": each.get("@id", str(number)), "timestamp": MOMENT, "status": "succ"}
            for number, each in enumerate(records)
        ]
        for item in items:
            if "bad" in item["reference_id"]:
                item |= {"status": "rjct", "status_reason_message": "member: missing"}
        return self._envelope(message, enrolled_response=items)

    def _yes_or_no(self, header: Json, message: Json) -> Json:
        query = dict(message["enrolled_criteria"]["query"])
        del query["programme_identifier.programme_identifier"]
        [(_, condition)] = query.items()
        [(operator, given)] = condition.items()
        values = {header["message_id"]: given} if operator == "eq" else {v: v for v in given}
        items = [
            {
                "reference_id": reference,
                "timestamp": MOMENT,
                "status": "succ",
                "enrolled_status": "yes" if value in self.enrolled else "no",
            }
            for reference, value in values.items()
        ]
        return self._envelope(message, enrolled_response=items)

    def _found(self, header: Json, message: Json) -> Json:
        [request] = message["search_request"]
        page = request["search_criteria"]["pagination"]
        size, number = page["page_size"], page["page_number"]
        item = {
            "reference_id": request["reference_id"],
            "timestamp": MOMENT,
            "status": "succ",
            "data": {"reg_records": self.found[(number - 1) * size : number * size]},
            "pagination": {**page, "total_count": len(self.found)},
        }
        return self._envelope(message, search_response=[item])

    def _status(self, header: Json, message: Json) -> Json:
        asked = message["txnstatus_request"]
        told = {
            "transaction_id": "txn-1",
            "correlation_id": "corr-1",
            "search_response": [],
            **self.status,
        }
        return self._envelope(
            message, txnstatus_response={"txn_type": asked["txn_type"], "txn_status": told}
        )

    def _envelope(self, message: Json, **content: Any) -> Json:
        return {
            "transaction_id": message["transaction_id"],
            "correlation_id": f"corr-{len(self.requests)}",
            **content,
        }

    def sent(self, path: str) -> list[httpx.Request]:
        """The requests to a path, in their order."""
        return [each for each in self.requests if each.url.path == path]


def http_error(status: int, **headers: str) -> Fault:
    """An answer of a gateway or of the registry that is no result."""

    def fault(request: httpx.Request) -> httpx.Response:
        error = {"code": "err.service.unavailable", "message": "Try again later."}
        return httpx.Response(status, json={"errors": [error]}, headers=headers)

    return fault


def lost(request: httpx.Request) -> httpx.Response:
    """The connection ends without an answer."""
    raise httpx.RemoteProtocolError("Server disconnected", request=request)


def changed(answer: httpx.Response, **members: Any) -> httpx.Response:
    """The answer with other members at the top, its signature left as it was."""
    return httpx.Response(200, content=msgspec.json.encode(answer.json() | members))
