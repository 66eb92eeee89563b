"""A partner with its keys and rights, as the gate uses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from ibr.asker import Asker, Purpose, Term

EncryptionPolicy = Literal["off", "accepted", "required"]


class PartnerKey(msgspec.Struct, frozen=True):
    """One public key of a partner and when it counts."""

    kid: str
    jwk: dict[str, Any]
    algorithm: str
    not_before: datetime
    not_after: datetime | None
    revoked_at: datetime | None
    use: Literal["sig", "enc"] = "sig"

    def counts_at(self, moment: datetime) -> bool:
        """Whether it is used at this moment: to verify what was signed, or to write to."""
        return (
            self.revoked_at is None
            and self.not_before <= moment
            and (self.not_after is None or moment <= self.not_after)
        )


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that may speak to the registry."""

    partner_id: int
    sender_id: str
    name: str
    client_id: str
    secret_hash: str
    signature_policy: Literal["required", "off"]
    signature_profile: Literal["canonical", "raw"]
    scopes: frozenset[str]
    ask: frozenset[int]
    report: frozenset[int]
    purpose_code: str
    suspended: bool
    keys: tuple[PartnerKey, ...] = ()
    callback_urls: tuple[str, ...] = ()
    jwks_url: str | None = None
    encryption_policy: EncryptionPolicy = "accepted"
    terms: tuple[Term, ...] | None = None

    def asker(self, scopes: frozenset[str], purpose: Purpose | None = None) -> Asker:
        """The partner as an asker, with the scopes of its token and a purpose."""
        return Asker(
            kind="partner",
            id=self.partner_id,
            name=self.name,
            purpose=purpose or Purpose(self.purpose_code),
            ask=self.ask,
            report=self.report,
            scopes=scopes & self.scopes,
            terms=self.terms,
        )

    def key(self, kid: str, whole_key_id: str, moment: datetime) -> PartnerKey | None:
        """The key that a signature names, by its id or by the whole kidId (digest.md 3.5)."""
        for key in self.keys:
            if key.use == "sig" and key.kid in (kid, whole_key_id) and key.counts_at(moment):
                return key
        return None

    def encryption_key(self, moment: datetime) -> PartnerKey | None:
        """The key that it is written to: of those that count, the one that began last."""
        usable = [key for key in self.keys if key.use == "enc" and key.counts_at(moment)]
        return max(usable, key=_began, default=None)


def _began(key: PartnerKey) -> tuple[datetime, str]:
    return key.not_before, key.kid


class ProgrammeRight(msgspec.Struct, frozen=True):
    """What the gate needs to know of a programme."""

    programme_id: int
    code: str
    suspended_counts: bool
    currency: str | None
    assistance_unit: int | None
    name: str
