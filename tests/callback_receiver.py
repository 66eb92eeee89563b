"""A programme system's end for callbacks on 127.0.0.1: keeps what arrives and acknowledges it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from ibr_messages.jwk import public_key
from ibr_messages.signature import check_times, read_signature, verify
from ibr_messages.strict_json import canonical, read_object

_ACK = msgspec.json.encode(
    {
        "message": {
            "ack_status": "ACK",
            "timestamp": "2026-01-15T09:30:00+00:00",
            "correlation_id": "received",
        }
    }
)


class CallbackReceiver:
    """Listens on a free port until it is closed."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self._came = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keep: Callable[[str, bytes], None] = self._keep

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                keep(self.path, self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(_ACK)))
                self.end_headers()
                self.wfile.write(_ACK)

            def log_message(self, *_: Any) -> None:
                """Nothing is written to the terminal."""

        return Handler

    def _keep(self, path: str, body: bytes) -> None:
        with self._came:
            self.received.append((path, body))
            self._came.notify_all()

    def wait_for(self, count: int, patience: float = 30) -> list[tuple[str, bytes]]:
        """What has arrived, once it is so many."""
        deadline = time.monotonic() + patience
        with self._came:
            while len(self.received) < count:
                left = deadline - time.monotonic()
                assert left > 0, f"{len(self.received)} of {count} callbacks came"
                self._came.wait(left)
            return list(self.received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def verified(body: bytes, jwks: dict[str, Any], sender_id: str) -> dict[str, Any]:
    """The envelope whose signature holds by the keys that the registry publishes."""
    envelope = read_object(body)
    signature = read_signature(envelope["signature"])
    assert signature.sender_id == envelope["header"]["sender_id"] == sender_id
    [key] = [each for each in jwks["keys"] if each["kid"] == signature.kid and each["use"] == "sig"]
    check_times(signature, time.time())
    content = {"header": envelope["header"], "message": envelope["message"]}
    verify(signature, public_key(key), [hashlib.sha256(canonical(content)).digest()])
    return envelope
