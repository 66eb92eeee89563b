"""Passwords and client secrets, kept as Argon2id hashes."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

# OWASP's least memory setting for Argon2id (19 MiB, 2 passes): a token request or a sign-in costs
# some 20 ms, and thirty at once do not exhaust a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _HASHER.hash("nobody's secret, hashed so that an unknown name costs the same time")


def hash_secret(secret: str) -> str:
    return _HASHER.hash(secret)


def secret_fits(secret: str, stored: str | None) -> bool:
    """Whether the secret fits the stored hash; with None it fails, but takes as long."""
    try:
        return _HASHER.verify(stored or _NOBODY, secret) and stored is not None
    except VerificationError:
        return False
