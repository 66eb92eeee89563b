"""The settings of signing in: officers here and at the ministry, people at their provider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ibr.errors import NotUnderstood

Explained = msgspec.Meta


class SignInSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Read as a part of all settings (ibr/settings.py)."""

    session_minutes: Annotated[
        int, Explained(ge=1, description="An officer's session ends after this much idle time.")
    ] = 15
    session_hours: Annotated[
        int, Explained(ge=1, description="An officer's session ends after so long in any case.")
    ] = 8
    second_factor: Annotated[
        Literal["roles", "all"],
        Explained(
            description="Who must have a second factor: with `roles` administrators, stewards, "
            "auditors and data-protection officers, in production; with `all` every officer."
        ),
    ] = "roles"
    oidc_issuer: Annotated[
        str | None,
        Explained(
            description="The ministry's own sign-in (OpenID Connect): its issuer, exactly as it "
            "names itself. Without it officers sign in here only."
        ),
    ] = None
    oidc_client_id: Annotated[
        str | None, Explained(description="What the ministry's sign-in calls this registry.")
    ] = None
    oidc_client_secret_file: Annotated[
        Path | None,
        Explained(
            description="File with the secret agreed with the ministry's sign-in; none for a "
            "client without a secret, which PKCE alone protects."
        ),
    ] = None
    oidc_name: Annotated[
        str, Explained(description="What officers know the ministry's sign-in by, on its button.")
    ] = ""
    oidc_second_factor: Annotated[
        str,
        Explained(
            description="Answers of the ministry's sign-in that stand for a second factor, "
            "comma-separated, for example amr=mfa,acr=https://refeds.org/profile/mfa. Without "
            "any, officers who need a second factor give one here."
        ),
    ] = ""
    person_oidc_issuer: Annotated[
        str | None,
        Explained(
            description="Where people sign in themselves to see their own data (OpenID Connect): "
            "the issuer, exactly as it names itself. Without it people go to a help desk."
        ),
    ] = None
    person_oidc_client_id: Annotated[
        str | None,
        Explained(description="What people's sign-in calls this registry; not the officers' name."),
    ] = None
    person_oidc_client_secret_file: Annotated[
        Path | None,
        Explained(description="File with the secret agreed with people's sign-in."),
    ] = None
    person_oidc_name: Annotated[
        str, Explained(description="What people know their sign-in by, on its button.")
    ] = ""
    person_oidc_number_claim: Annotated[
        str, Explained(description="The claim that carries a person's number.")
    ] = ""
    person_oidc_number_kind: Annotated[
        str, Explained(description="Which kind of number that is, as programmes report it.")
    ] = "UIN"
    person_oidc_birth_claim: Annotated[
        str, Explained(description="The claim that carries the whole date of birth.")
    ] = "birthdate"
    person_oidc_acr: Annotated[
        str,
        Explained(
            description="Levels of assurance (acr) at which people are let in, comma-separated; "
            "`production` needs at least one."
        ),
    ] = ""
    person_oidc_scope: Annotated[
        str, Explained(description="What is asked for there, with blanks between.")
    ] = "openid profile"
    person_help: Annotated[
        str,
        Explained(
            max_length=300,
            description="Where people find a help desk: one sentence on their pages.",
        ),
    ] = ""
    person_complaints: Annotated[
        str,
        Explained(
            max_length=300,
            description="Where people complain about the use of their data: one sentence on their "
            "pages.",
        ),
    ] = ""


def check_sign_in(settings: SignInSettings, reached_at: str | None, *, production: bool) -> None:
    """NotUnderstood for a sign-in that cannot work or is not safe."""
    if settings.oidc_issuer is not None:
        if settings.oidc_client_id is None or reached_at is None:
            raise NotUnderstood(
                "setting.oidc",
                "IBR_OIDC_ISSUER needs IBR_OIDC_CLIENT_ID, and IBR_PUBLIC_URL in production.",
            )
        if not _safe(settings.oidc_issuer, production=production):
            raise NotUnderstood("setting.oidc", "IBR_OIDC_ISSUER must begin with https://.")
    if settings.person_oidc_issuer is not None:
        _check_people(settings, settings.person_oidc_issuer, reached_at, production=production)


def levels(settings: SignInSettings) -> tuple[str, ...]:
    """The levels of assurance at which people are let in."""
    return tuple(filter(None, (each.strip() for each in settings.person_oidc_acr.split(","))))


def _check_people(
    settings: SignInSettings, issuer: str, reached_at: str | None, *, production: bool
) -> None:
    wrong = ""
    if settings.person_oidc_client_id is None or reached_at is None:
        wrong = "it needs IBR_PERSON_OIDC_CLIENT_ID, and IBR_PUBLIC_URL in production"
    elif not _safe(issuer, production=production):
        wrong = "it must begin with https://"
    elif not settings.person_oidc_number_claim or not settings.person_oidc_birth_claim:
        wrong = "it needs IBR_PERSON_OIDC_NUMBER_CLAIM and IBR_PERSON_OIDC_BIRTH_CLAIM"
    elif "openid" not in settings.person_oidc_scope.split():
        wrong = "IBR_PERSON_OIDC_SCOPE must contain openid"
    elif (issuer.rstrip("/"), settings.person_oidc_client_id) == (
        (settings.oidc_issuer or "").rstrip("/"),
        settings.oidc_client_id,
    ):
        # One client would make a token that is meant for one of the two good for the other.
        wrong = "people and officers need a client each: IBR_PERSON_OIDC_CLIENT_ID is the officers'"
    elif production and not levels(settings):
        wrong = "with IBR_PROFILE=production IBR_PERSON_OIDC_ACR says how sure the sign-in must be"
    elif production and settings.person_oidc_client_secret_file is None:
        wrong = "with IBR_PROFILE=production it needs IBR_PERSON_OIDC_CLIENT_SECRET_FILE"
    if wrong:
        raise NotUnderstood("setting.person_oidc", f"IBR_PERSON_OIDC_ISSUER: {wrong}.")


def _safe(issuer: str, *, production: bool) -> bool:
    """Whether nobody on the way can listen; on the machine itself, while developing, nobody is."""
    return issuer.startswith("https://") or (
        not production and issuer.startswith("http://127.0.0.1")
    )
