"""A programme system's receiver of callbacks, right in everything, to be made wrong one by one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import msgspec
import uvicorn

from ibr.clock import now, written
from ibr_messages.encryption import DecryptionKey, decrypt, read_encrypted
from ibr_messages.errors import NotUnderstood, RegistryError
from ibr_messages.jwk import check_partner_jwk, public_key
from ibr_messages.signature import Signature, check_times, read_signature, verify
from ibr_messages.strict_json import canonical, read_object

PATHS: Final = {
    "/registry/on-search": ("on-search", "search_response"),
    "/registry/on-subscribe": ("on-subscribe", "subscribe_response"),
    "/registry/on-unsubscribe": ("on-unsubscribe", "subscription_status"),
    "/registry/notify": ("notify", "notify_event"),
    "/registry/txn/on-status": ("txn-on-status", "txnstatus_response"),
}
LARGEST: Final = 1_000_000
RECEIVER_ID: Final = "spmis.check.example"
Answered = tuple[int, str, bytes]


class Receiver:
    """Verifies, checks, acknowledges; every step is a method that a wrong one overrides."""

    def __init__(
        self, registry_id: str, jwks: dict[str, Any], *, decrypts: DecryptionKey | None = None
    ) -> None:
        self.registry_id = registry_id
        self.receiver_id = RECEIVER_ID
        self.trust(jwks)
        self.contents: list[dict[str, Any]] = []
        self.decrypts = decrypts
        self.seen: dict[str, tuple[bytes, bytes]] = {}
        self.jwks: Any = jwks
        self.tokens = ("client", "secret")

    def trust(self, jwks: dict[str, Any]) -> None:
        """Verifies with these keys from now on."""
        self.keys = {each["kid"]: check_partner_jwk(each) for each in jwks["keys"]}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The receiver as an ASGI application."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more and len(body) <= LARGEST:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        status, kind, answer = await self.answer(
            scope["method"], scope["path"], dict(scope["headers"]), body
        )
        headers = [(b"content-type", kind.encode())] if kind else []
        if 300 <= status < 400:
            headers.append((b"location", b"/elsewhere"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def answer(
        self, method: str, path: str, headers: dict[bytes, bytes], body: bytes
    ) -> Answered:
        if path == "/jwks.json":
            return 200, "application/json", msgspec.json.encode(self.jwks)
        if path == "/token":
            return self.token(body)
        if path not in PATHS:
            return self.said(404, "err.request.not_found", "Nothing is here.")
        if method != "POST":
            return self.said(405, "err.request.bad", "POST only.")
        if len(body) > LARGEST:
            return self.said(413, "err.request.bad", "Too large.")
        try:
            body = self.as_message(headers, body)
            return self.acknowledge(path, body)
        except RegistryError as wrong:
            return self.said(200, "err.request.bad", wrong.message)

    def as_message(self, headers: dict[bytes, bytes], body: bytes) -> bytes:
        kind, _, rest = headers.get(b"content-type", b"").partition(b";")
        if kind == b"multipart/form-data":
            boundary = rest.partition(b"boundary=")[2]
            part = body.split(b"--" + boundary)[3]
            return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        if kind.strip() != b"application/json":
            raise NotUnderstood("type", "Send application/json.")
        return body

    def acknowledge(self, path: str, body: bytes) -> Answered:
        action, items = PATHS[path]
        document = self.parsed(body)
        header, message = document.get("header"), document.get("message")
        if not isinstance(header, dict) or not isinstance(message, dict):
            raise NotUnderstood("envelope", "header and message are objects.")
        self.check_signature(document)
        self.check_header(header, action)
        if header.get("is_msg_encrypted") and self.decrypts is not None:
            message = read_object(decrypt(read_encrypted(message, LARGEST), self.decrypts))
        if len(message.get("transaction_id", "")) > 99:
            raise NotUnderstood("id", "transaction_id is too long.")
        if not isinstance(message.get(items), (list, dict)):
            raise NotUnderstood("items", f"{items} is missing.")
        self.contents.append({"header": header, "message": message})
        return self.once(header["message_id"], canonical({"header": header, "message": message}))

    def parsed(self, body: bytes) -> dict[str, Any]:
        return read_object(body)

    def check_signature(self, document: dict[str, Any]) -> None:
        content = {"header": document["header"], "message": document["message"]}
        read = read_signature(document.get("signature"))
        key = self.keys.get(read.kid)
        if key is None or key["alg"] != read.algorithm:
            raise NotUnderstood("key", "The key is unknown.")
        if read.sender_id != document["header"].get("sender_id"):
            raise NotUnderstood("sender", "Sender and signer differ.")
        self.check_times(read)
        verify(read, public_key(key), [hashlib.sha256(canonical(content)).digest()])

    def check_times(self, read: Signature) -> None:
        check_times(read, now().timestamp())

    def check_header(self, header: dict[str, Any], action: str) -> None:
        if header.get("sender_id") != self.registry_id:
            raise NotUnderstood("sender", "The sender is unknown.")
        if header.get("receiver_id") != self.receiver_id:
            raise NotUnderstood("receiver", "This is not for us.")
        if header.get("action") != action:
            raise NotUnderstood("action", "The action is another path's.")
        if not str(header.get("version", "1.0.0")).startswith("1."):
            raise NotUnderstood("version", "The version is not read.")
        try:
            moment = datetime.fromisoformat(str(header.get("message_ts")))
        except ValueError:
            raise NotUnderstood("time", "message_ts is no date-time.") from None
        if moment.tzinfo is None:
            raise NotUnderstood("time", "message_ts has no offset.")

    def once(self, message_id: str, content: bytes) -> Answered:
        digest = hashlib.sha256(content).digest()
        before = self.seen.get(message_id)
        if before is not None and before[0] != digest:
            raise NotUnderstood("twice", "message_id was used for another message.")
        ack = before[1] if before else self.ack(f"corr-{len(self.seen)}")
        self.seen[message_id] = (digest, ack)
        return 200, "application/json", ack

    def ack(self, correlation_id: str) -> bytes:
        return msgspec.json.encode(
            {
                "message": {
                    "ack_status": "ACK",
                    "timestamp": written(now()),
                    "correlation_id": correlation_id,
                }
            }
        )

    def said(self, status: int, code: str, message: str) -> Answered:
        told = {
            "ack_status": "ERR",
            "timestamp": written(now()),
            "correlation_id": "none",
            "error": {"code": code, "message": message},
        }
        return status, "application/json", msgspec.json.encode({"message": told})

    def token(self, body: bytes) -> Answered:
        form = dict(each.split("=") for each in body.decode().split("&"))
        if form["grant_type"] != "client_credentials":
            return 400, "application/json", b'{"error": "unsupported_grant_type"}'
        if (form["client_id"], form["client_secret"]) != self.tokens:
            return 401, "application/json", b'{"error": "invalid_client"}'
        given = {"access_token": "abc", "token_type": "bearer", "expires_in": 600}
        return 200, "application/json", msgspec.json.encode(given)


@contextlib.asynccontextmanager
async def served(receiver: Any) -> AsyncIterator[str]:
    """The address of a receiver that listens on 127.0.0.1."""
    # Named as TCP, or asyncio leaves out TCP_NODELAY and every answer waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        receiver, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listening.close()
