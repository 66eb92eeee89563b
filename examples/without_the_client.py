"""The same as report_and_ask.py without the client: every step of a message in plain Python.

    python without_the_client.py key                  makes partner.key and partner.jwks.json
    python without_the_client.py report ADDRESS       needs partner.key and partner.json
    python without_the_client.py ask ADDRESS UIN PROGRAMME

partner.json is what `ibr partners add … --json` prints. Needs httpx and PyNaCl; nothing of the
registry's own code. It does not check the answer's signature and does not try again.
"""

import base64
import hashlib
import json
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
from nacl.signing import SigningKey

REGISTRY = "ibr.example.org"


def canonical(value):
    """The bytes that are signed: sorted members, no white space, raw UTF-8."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def public_jwk(key):
    """The public key with its RFC 7638 thumbprint as kid."""
    x = base64.urlsafe_b64encode(bytes(key.verify_key)).rstrip(b"=").decode()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
    thumbprint = hashlib.sha256(canonical(jwk)).digest()
    kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
    return {**jwk, "kid": kid, "use": "sig", "alg": "EdDSA"}


def signature(key, sender_id, header, message):
    """The signature string over header and message, valid for five minutes."""
    digest = hashlib.sha256(canonical({"header": header, "message": message})).digest()
    created, expires = int(time.time()), int(time.time()) + 300
    lines = f"(created): {created}\n(expires): {expires}\n"
    lines += f"digest: {base64.b64encode(digest).decode()}"
    signed = base64.b64encode(key.sign(lines.encode()).signature).decode()
    return (
        f'namespace="dci", kidId="{sender_id}|{public_jwk(key)["kid"]}|ed25519", '
        f'algorithm="ed25519", created="{created}", expires="{expires}", '
        f'headers="(created) (expires) digest", signature="{signed}"'
    )


def post(address, path, action, count, message, **more):
    """Gets a token, signs, posts; returns the answer's message."""
    partner = json.loads(Path("partner.json").read_text())
    key = SigningKey(bytes.fromhex(Path("partner.key").read_text()))
    credentials = {name: partner[name] for name in ("client_id", "client_secret")}
    form = {"grant_type": "client_credentials", **credentials}
    token = httpx.post(f"{address}/oauth2/client/token", data=form).raise_for_status().json()
    header = {
        "version": "1.0.0",
        "message_id": str(uuid.uuid4()),
        "message_ts": datetime.now(UTC).isoformat(timespec="seconds"),
        "action": action,
        "sender_id": partner["sender_id"],
        "receiver_id": REGISTRY,
        "total_count": count,
        "is_msg_encrypted": False,
        **more,
    }
    signed = signature(key, partner["sender_id"], header, message)
    answer = httpx.post(
        f"{address}{path}",
        content=json.dumps({"signature": signed, "header": header, "message": message}),
        headers={
            "content-type": "application/json",
            "authorization": f"Bearer {token['access_token']}",
        },
        timeout=60,
    )
    return answer.raise_for_status().json()["message"]


def make_key():
    key = SigningKey.generate()
    Path("partner.key").touch(mode=0o600)
    Path("partner.key").write_text(bytes(key).hex())
    Path("partner.jwks.json").write_text(json.dumps({"keys": [public_jwk(key)]}))


def report(address):
    """One person, enrolled in one programme, with one payment."""
    identifier = {"identifier_type": "UIN", "identifier_value": "847951632"}
    record = {
        "@id": "case-1001",
        "assistance_unit": "1",
        "member": {
            "member_identifier": [identifier],
            "demographic_info": {
                "name": {"surname": "Phumchai", "given_name": "Sudarat"},
                "sex": "female",
                "birth_date": "1995-09-21",
            },
        },
        "programme_identifier": [{"programme_identifier": "DCI001"}],
        "enrollment_date": "2025-12-15T00:00:00+00:00",
        "enrollment_status": "1",
        "benefits": [
            {
                "benefit_type": "1",
                "benefit_date": "2026-01-10T00:00:00+00:00",
                "benefit_value": "USD 50.00",
            }
        ],
    }
    message = {
        "transaction_id": str(uuid.uuid4()),
        "enrolled_updates": {"beneficiaries": [record]},
    }
    path = "/registry/sync/enrollment/updates"
    more = {"status": "succ", "completed_count": 1, "meta": {"cycle": "2026-01"}}
    return post(address, path, "notify", 1, message, **more)


def ask(address, uin, programme):
    """Is the person with this UIN enrolled in the programme?"""
    query = {
        "UIN": {"eq": uin},
        "programme_identifier.programme_identifier": {"eq": programme},
    }
    criteria = {"query_type": "expression", "response_entity": "Member", "query": query}
    message = {"transaction_id": str(uuid.uuid4()), "enrolled_criteria": criteria}
    return post(address, "/registry/sync/enrolled", "search", 1, message)


if __name__ == "__main__":
    answered = {"key": make_key, "report": report, "ask": ask}[sys.argv[1]](*sys.argv[2:])
    if answered is not None:
        print(json.dumps(answered, indent=2))
