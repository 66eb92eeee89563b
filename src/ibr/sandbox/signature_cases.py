"""Messages whose signature is missing, wrong, old or somebody else's: none may be accepted."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Final

import msgspec
from nacl.signing import SigningKey

from ibr.sandbox.cases import Sent, changed, changed_header, right, signature_changed, wrong
from ibr.sandbox.played_registry import PlayedRegistry
from ibr_messages.jwk import public_jwk
from ibr_messages.signature import Signer
from ibr_messages.strict_json import canonical

_STRANGER: Final = SigningKey(bytes(range(100, 132)))


def _unsigned(registry: PlayedRegistry, action: str) -> Sent:
    return Sent(canonical(registry.content(action)))


def _tampered(registry: PlayedRegistry, action: str) -> Sent:
    body = right(registry, action).body
    document = msgspec.json.decode(body)
    document["message"]["transaction_id"] += "x"
    return Sent(canonical(document))


def _signed_by(registry: PlayedRegistry, action: str, signer: Signer) -> Sent:
    return Sent(registry.sealed(registry.content(action), signer=signer))


def _other_algorithm(text: str) -> str:
    return text.replace("|ed25519", "|none").replace('algorithm="ed25519"', 'algorithm="none"')


def _other_value(text: str) -> str:
    head = text.rpartition('signature="')[0]
    return f'{head}signature="{base64.b64encode(bytes(64)).decode()}"'


def _stranger(registry: PlayedRegistry) -> PlayedRegistry:
    return msgspec.structs.replace(registry, registry_id="stranger.example", key=_STRANGER)


_KNOWN_KID = "A key is found by its kid in the JWKS of the registry, and only there."
SIGNATURES: Final = (
    wrong(
        "SIG-01",
        "Unsigned",
        "the right message without its signature",
        "Refuse every message without a signature, in every environment.",
        _unsigned,
    ),
    wrong(
        "SIG-02",
        "Placeholder instead of a signature",
        'signature: "unsigned"',
        "Treat no text as special: what cannot be verified is refused.",
        lambda r, a: signature_changed(r, a, lambda _: "unsigned"),
    ),
    wrong(
        "SIG-03",
        "Changed after it was signed",
        "one letter of transaction_id changed",
        "Verify the signature over header and message, and use what you verified.",
        _tampered,
    ),
    wrong(
        "SIG-04",
        "Signature that fits nothing",
        "64 zero bytes as the signature",
        "Verify the signature, do not only read it.",
        lambda r, a: signature_changed(r, a, _other_value),
    ),
    wrong(
        "SIG-05",
        "Signed with a key of nobody",
        "the registry's name and kid, another key",
        f"{_KNOWN_KID} Verify with that key, never with one that the message brings.",
        lambda r, a: _signed_by(
            r, a, Signer(r.registry_id, public_jwk(r.key.verify_key)["kid"], _STRANGER)
        ),
    ),
    wrong(
        "SIG-06",
        "Key that the registry does not have",
        "kidId with an unknown kid",
        f"{_KNOWN_KID} Look once whether the JWKS has changed, and refuse otherwise.",
        lambda r, a: _signed_by(
            r, a, Signer(r.registry_id, public_jwk(_STRANGER.verify_key)["kid"], _STRANGER)
        ),
    ),
    wrong(
        "SIG-07",
        "Expired",
        "a signature that expired an hour ago",
        "Refuse a signature after its expires, with a tolerance of a minute: else an old "
        "message can be played again.",
        lambda r, a: changed(r, a, lambda _: None, later=timedelta(hours=-1)),
    ),
    wrong(
        "SIG-08",
        "From the future",
        "a signature created in an hour",
        "Refuse a signature that was created more than a minute ahead of your clock.",
        lambda r, a: changed(r, a, lambda _: None, later=timedelta(hours=1)),
        severity="should",
    ),
    wrong(
        "SIG-09",
        "Algorithm none",
        'algorithm="none" in the signature string',
        "Take the algorithm from the key, never from the message.",
        lambda r, a: signature_changed(r, a, _other_algorithm),
    ),
    wrong(
        "SIG-10",
        "Signed by another sender",
        "sender_id stranger.example, its own key",
        "Accept messages of the registries that you are connected to, and of nobody else.",
        lambda r, a: right(_stranger(r), a),
    ),
    wrong(
        "SIG-11",
        "Sender and signer differ",
        "header.sender_id of somebody else, signed by the registry",
        "The first part of kidId must be header.sender_id.",
        lambda r, a: changed_header(r, a, sender_id="stranger.example"),
    ),
)
