"""What the settings say of signing in, made once when the application is built."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ibr.access.openid.model import Place
from ibr.access.openid.provider import Connector, Send
from ibr.access.staff.ministry.rules import read_second
from ibr.access.staff.sign_in import SESSION_COOKIE, SessionEnds, cookie_name
from ibr.errors import NotUnderstood
from ibr.settings import Settings
from ibr.settings_of_sign_in import levels
from ibr.subject.own.model import PROOF_SECONDS, Wanted
from ibr.subject.own.way import OwnWay


def ends_of(settings: Settings) -> SessionEnds:
    """When sessions end, and the cookie that holds them."""
    return SessionEnds(
        idle=timedelta(minutes=settings.session_minutes),
        longest=timedelta(hours=settings.session_hours),
        cookie=cookie_name(SESSION_COOKIE, production=settings.production),
    )


def ministry_from(settings: Settings, send: Send) -> Connector | None:
    """The ministry's own sign-in, or None where the settings name none."""
    here = settings.reached_at
    if settings.oidc_issuer is None or settings.oidc_client_id is None or here is None:
        return None
    place = Place(
        name=settings.oidc_name or settings.oidc_issuer.split("//", 1)[-1].split("/", 1)[0],
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret_in(settings.oidc_client_secret_file),
        back=f"{here}/sign-in/ministry/back",
        home=f"{here}/sign-in",
        second=read_second(settings.oidc_second_factor),
        plain_local=not settings.production,
    )
    return Connector(place, send)


def own_way_from(settings: Settings, send: Send) -> OwnWay | None:
    """Where people sign in themselves, or None where the settings name nothing."""
    here, issuer = settings.reached_at, settings.person_oidc_issuer
    if issuer is None or settings.person_oidc_client_id is None or here is None:
        return None
    acr = levels(settings)
    place = Place(
        name=settings.person_oidc_name or issuer.split("//", 1)[-1].split("/", 1)[0],
        issuer=issuer,
        client_id=settings.person_oidc_client_id,
        client_secret=_secret_in(
            settings.person_oidc_client_secret_file, "IBR_PERSON_OIDC_CLIENT_SECRET_FILE"
        ),
        back=f"{here}/me/back",
        home=f"{here}/me",
        plain_local=not settings.production,
        scope=settings.person_oidc_scope,
        acr=acr,
        longest_proof=PROOF_SECONDS,
    )
    wanted = Wanted(
        number_claim=settings.person_oidc_number_claim,
        number_kind=settings.person_oidc_number_kind,
        birth_claim=settings.person_oidc_birth_claim,
        acr=acr,
    )
    return OwnWay(Connector(place, send), wanted)


def _secret_in(path: Path | None, variable: str = "IBR_OIDC_CLIENT_SECRET_FILE") -> str | None:
    """The secret in a file of its own, which only the registry's user may read."""
    if path is None:
        return None
    try:
        open_to_others = path.stat().st_mode & 0o077
        secret = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise NotUnderstood("setting.oidc_secret", f"{variable}: {path} cannot be read.") from None
    if open_to_others:
        raise NotUnderstood(
            "setting.oidc_secret",
            f"{variable}: others may read {path}. Run: chmod 600 {path}",
        )
    if not secret:
        raise NotUnderstood("setting.oidc_secret", f"{variable}: {path} is empty.")
    return secret
