"""Passkeys (WebAuthn): registered on the account's page, and enough to sign in with.

An authenticator asks its user for a finger, a face or a number each time (user verification), so
a passkey is two factors in one: the device, and who holds it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ibr.access.staff.second import store
from ibr.access.staff.second.model import Account
from ibr.access.staff.second.notices import note
from ibr.db.pool import Connection
from ibr.errors import Conflict, NotProven, NotUnderstood, TooMuch
from ibr.protection.blind_index import BlindIndex

MOST: Final = 10
LONGEST_NAME: Final = 60
_LONGEST: Final = 12_000
_PATIENCE_MS: Final = 120_000
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# What the library raises on bytes that are no answer of an authenticator, beside its own errors.
_UNREADABLE: Final = (
    WebAuthnException,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
)


class Site(msgspec.Struct, frozen=True):
    """Where passkeys count: the host's name, and the address that pages are opened at."""

    host: str
    origin: str


def options_to_register(
    blind_index: BlindIndex, site: Site, account: Account, challenge: bytes
) -> dict[str, Any]:
    """What the browser asks an authenticator for, to make a new key."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name="Integrated Beneficiary Registry",
        user_id=_handle(blind_index, account.officer_id),
        user_name=account.email,
        user_display_name=account.name,
        challenge=challenge,
        timeout=_PATIENCE_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(account),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return _plain(options_to_json(options))


def options_to_sign_in(site: Site, challenge: bytes, account: Account | None) -> dict[str, Any]:
    """The same, to use a key: any of this registry, or one of an account that is known already."""
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=challenge,
        timeout=_PATIENCE_MS,
        allow_credentials=_descriptors(account) if account else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options_to_json(options))


async def register(
    connection: Connection,
    site: Site,
    account: Account,
    *,
    name: str,
    answer: str,
    challenge: bytes,
    at: datetime,
) -> None:
    """Registers the key that an authenticator made; says why where it cannot."""
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= LONGEST_NAME or not plain.isprintable():
        raise NotUnderstood(
            "passkey.name", f"Give the passkey a name of 1 to {LONGEST_NAME} characters."
        )
    if len(account.passkeys) >= MOST:
        raise TooMuch("passkey.many", f"There are {MOST} passkeys. Remove one first.")
    wrong = NotProven("passkey.not_made", "The passkey could not be registered. Please try again.")
    if len(answer) > _LONGEST:
        raise wrong
    try:
        made = verify_registration_response(
            credential=parse_registration_credential_json(answer),
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except _UNREADABLE:
        raise wrong from None
    added = await store.add_passkey(
        connection,
        account.officer_id,
        credential_id=made.credential_id,
        name=plain,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        at=at,
    )
    if not added:
        raise Conflict("passkey.exists", "This passkey is registered already.")


async def officer_of_passkey(
    connection: Connection,
    blind_index: BlindIndex,
    site: Site,
    *,
    answer: str,
    challenge: bytes,
    at: datetime,
) -> int | None:
    """The officer whose passkey answered the challenge; None when the answer does not hold.

    An authenticator counts its uses. A count that does not grow is that of a copy: the copy is
    refused, and the officer is told.
    """
    given = _given(answer)
    if given is None:
        return None
    row = await store.passkey(connection, given.raw_id)
    if row is None:
        return None
    officer_id: int = row["officer_id"]
    handle = given.response.user_handle
    if handle is not None and handle != _handle(blind_index, officer_id):
        return None
    try:
        used = verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row["public_key"],
            # The count is looked at below, where a copy can be told from a wrong answer.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None
    count = used.new_sign_count
    if (count or row["sign_count"]) and count <= row["sign_count"]:
        await note(connection, officer_id, "copied_passkey", at)
        return None
    await store.passkey_used(connection, given.raw_id, count, at)
    return officer_id


def _given(answer: str) -> AuthenticationCredential | None:
    if len(answer) > _LONGEST:
        return None
    try:
        return parse_authentication_credential_json(answer)
    except _UNREADABLE:
        return None


def _handle(blind_index: BlindIndex, officer_id: int) -> bytes:
    """What authenticators keep instead of a name: it tells nobody anything (WebAuthn 14.6.1)."""
    return blind_index.of("PASSKEY_USER", str(officer_id))


def _descriptors(account: Account) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential_id) for each in account.passkeys]


def _plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
