"""A pretend programme system: gets a token, signs its messages, posts them, checks the answers."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import httpx
import msgspec
from nacl.signing import SigningKey

from ibr.clock import now, written
from ibr.errors import NotProven, Unavailable
from ibr.ids import new_token
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical


class Credentials(msgspec.Struct):
    """What a partner of the made-up country signs in and signs with; for the demo only."""

    sender_id: str
    client_id: str
    client_secret: str
    signing_seed: str

    @property
    def signing_key(self) -> SigningKey:
        return SigningKey(bytes.fromhex(self.signing_seed))


class ProgrammeSystem:
    """One partner's system, talking to a registry over HTTP."""

    def __init__(
        self, client: httpx.AsyncClient, credentials: Credentials, registry_id: str
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._registry_id = registry_id
        key = credentials.signing_key
        kid = public_jwk(key.verify_key)["kid"]
        self._signer = Signer(credentials.sender_id, kid, key)
        self._token = ""
        self._token_until = 0.0

    async def report(
        self, records: list[dict[str, Any]], sent_at: datetime, cycle: str
    ) -> dict[str, Any]:
        """Posts one delivery; the answer's message."""
        header = {
            "action": "notify",
            "status": "succ",
            "completed_count": len(records),
            "total_count": len(records),
            "meta": {"cycle": cycle},
        }
        message = {
            "transaction_id": new_token("txn-"),
            "enrolled_updates": {"beneficiaries": records},
        }
        return await self._post("/registry/sync/enrollment/updates", header, message, sent_at)

    async def is_enrolled(self, kind: str, value: str, programme: str) -> bool:
        """Asks whether the person with this identifier is enrolled in the programme."""
        header = {"action": "search", "total_count": 1}
        message = {
            "transaction_id": new_token("txn-"),
            "enrolled_criteria": {
                "query_type": "expression",
                "response_entity": "Member",
                "query": {
                    kind: {"eq": value},
                    "programme_identifier.programme_identifier": {"eq": programme},
                },
            },
        }
        answer = await self._post("/registry/sync/enrolled", header, message, now())
        return bool(answer["enrolled_response"][0]["enrolled_status"] == "yes")

    async def _post(
        self, path: str, header: dict[str, Any], message: dict[str, Any], sent_at: datetime
    ) -> dict[str, Any]:
        whole = {
            "version": "1.0.0",
            "message_id": new_token(),
            "message_ts": written(sent_at),
            "sender_id": self._credentials.sender_id,
            "receiver_id": self._registry_id,
            "is_msg_encrypted": False,
            **header,
        }
        content = canonical({"header": whole, "message": message})
        signature = canonical(self._signer.sign(content, time.time()))
        body = b'{"signature":' + signature + b"," + content[1:]
        answer = await self._client.post(
            path,
            content=body,
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {await self._bearer()}",
            },
        )
        if answer.status_code != 200:
            raise Unavailable("demo.refused", f"{path} answered {answer.status_code}.")
        read: dict[str, Any] = answer.json()["message"]
        if read.get("ack_status") == "ERR":
            raise NotProven("demo.refused", f"{path}: {read['error']['message']}")
        return read

    async def _bearer(self) -> str:
        if time.time() > self._token_until - 60:
            answer = await self._client.post(
                "/oauth2/client/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self._credentials.client_id,
                    "client_secret": self._credentials.client_secret,
                },
            )
            if answer.status_code != 200:
                raise NotProven("demo.token", "The registry gave no token to a demo partner.")
            given = answer.json()
            self._token = given["access_token"]
            self._token_until = time.time() + float(given["expires_in"])
        return self._token
