"""What the production profile refuses: settings that are fine for trying things, and unsafe."""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from ibr.errors import Unavailable
from ibr.settings import Settings

_LONGEST_TOKEN: Final = 900
_LONGEST_SESSION: Final = 60
_LONGEST_SESSION_HOURS: Final = 12
_LEAST_PASSWORD: Final = 16
_GUESSED: Final = frozenset({"password", "postgres", "secret", "changeme", "admin", "ibr"})
# Read by tests and by the programs that start the registry, and no settings of it.
_NOT_SETTINGS: Final = ("IBR_TEST_",)


class Unsafe(msgspec.Struct, frozen=True):
    """A setting that must not be so in production. `found` never holds a secret."""

    setting: str
    found: str
    why: str
    do: str


def refuse_unsafe_settings(settings: Settings, given: Collection[str]) -> None:
    """Unavailable, naming every unsafe setting at once, where the profile is production."""
    if not settings.production:
        return
    found = unsafe(settings, given)
    if found:
        said = " ".join(f"{each.setting}: {each.found}. {each.do}" for each in found)
        raise Unavailable(
            "settings.unsafe", f"The registry does not start with IBR_PROFILE=production. {said}"
        )


def unsafe(settings: Settings, given: Collection[str]) -> list[Unsafe]:
    """Everything about the settings that production refuses (reliability D13, G7)."""
    return [
        *_addresses(settings),
        *_times(settings),
        *_networks(settings),
        *_database(settings),
        *_mail(settings),
        *_traces(settings),
        *_files(settings),
        *_unknown(given),
    ]


def _addresses(settings: Settings) -> Iterator[Unsafe]:
    if not (settings.public_url or "").startswith("https://"):
        yield Unsafe(
            "IBR_PUBLIC_URL",
            "is not an https address",
            "Tokens, passwords and names would cross the network readable.",
            "Set it to the address that your proxy serves over TLS, https://…",
        )
    if settings.registry_id == "ibr.example.org":
        yield Unsafe(
            "IBR_REGISTRY_ID",
            "is the example's",
            "Messages of any other registry that forgot this would count as yours.",
            "Set it to an id of your own, usually your domain.",
        )
    if not _is_loopback(settings.host) and not settings.trusted_proxies.strip():
        yield Unsafe(
            "IBR_HOST",
            "listens beyond this machine, without a proxy before it",
            "Slow clients could hold it up, and nothing would be encrypted (reliability C10).",
            "Put a proxy with TLS before it and name that in IBR_TRUSTED_PROXIES: deploy/nginx.",
        )


def _times(settings: Settings) -> Iterator[Unsafe]:
    if settings.log_level == "debug":
        yield Unsafe(
            "IBR_LOG_LEVEL",
            "is debug",
            "Libraries say more at this level than anybody has read.",
            "Set it to info or leave it out.",
        )
    if settings.token_seconds > _LONGEST_TOKEN:
        yield Unsafe(
            "IBR_TOKEN_SECONDS",
            f"is {settings.token_seconds}",
            "A stolen token stays good for so long.",
            f"Set it to {_LONGEST_TOKEN} or less.",
        )
    if settings.session_minutes > _LONGEST_SESSION:
        yield Unsafe(
            "IBR_SESSION_MINUTES",
            f"is {settings.session_minutes}",
            "An office left open stays open for so long.",
            f"Set it to {_LONGEST_SESSION} or less.",
        )
    if settings.session_hours > _LONGEST_SESSION_HOURS:
        yield Unsafe(
            "IBR_SESSION_HOURS",
            f"is {settings.session_hours}",
            "A session that was taken over stays good for so long.",
            f"Set it to {_LONGEST_SESSION_HOURS} or less.",
        )


def _networks(settings: Settings) -> Iterator[Unsafe]:
    for name, value, least in (
        ("IBR_CALLBACK_NETWORKS", settings.callback_networks, 8),
        ("IBR_TRUSTED_PROXIES", settings.trusted_proxies, 16),
    ):
        for each in filter(None, (part.strip() for part in value.split(","))):
            try:
                network = ipaddress.ip_network(each, strict=False)
            except ValueError:
                yield Unsafe(
                    name,
                    "holds something that is no address and no network",
                    "Nobody could say whom it lets through.",
                    "Write addresses or networks, for example 10.20.0.0/16, with commas between.",
                )
                continue
            own = name == "IBR_CALLBACK_NETWORKS" and (network.is_loopback or network.is_link_local)
            if own or network.prefixlen < least:
                yield Unsafe(
                    name,
                    "lets too much through: this machine itself, or a whole address space",
                    "Whoever names an address there could reach or pretend to be anything.",
                    "Name the networks of your partners or proxies alone.",
                )


def _database(settings: Settings) -> Iterator[Unsafe]:
    yield from _server("IBR_DATABASE_URL", settings.database_url)
    yield from _server("IBR_REPLICA_URL", settings.replica_url)


def _server(name: str, url: str | None) -> Iterator[Unsafe]:
    if not url:
        return
    parts = urlsplit(url)
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = parts.hostname or options.get("host", "")
    near = not host or host.startswith("/") or _is_loopback(host)
    if not near and options.get("sslmode") != "verify-full":
        yield Unsafe(
            name,
            "reaches another machine without sslmode=verify-full",
            "What crosses the network could be read and changed on its way (reliability F11).",
            "Add sslmode=verify-full and sslrootcert to it.",
        )
    password = parts.password
    if password is not None and (
        len(password) < _LEAST_PASSWORD
        or password.lower() in _GUESSED
        or password == parts.username
    ):
        yield Unsafe(
            name,
            "has a password that can be guessed",
            "Whoever reaches the server reaches the database.",
            f"Use a random one of {_LEAST_PASSWORD} characters or more, or a certificate.",
        )


def _mail(settings: Settings) -> Iterator[Unsafe]:
    if settings.smtp_host and settings.smtp_tls == "off" and not _is_loopback(settings.smtp_host):
        yield Unsafe(
            "IBR_SMTP_TLS",
            "is off, and the mail server is another machine",
            "Addresses, and the password where there is one, would cross the network readable.",
            "Set it to starttls or tls.",
        )
    secret = settings.smtp_password_file
    if secret is not None and secret.is_file() and stat.S_IMODE(secret.stat().st_mode) & 0o007:
        yield Unsafe(
            "IBR_SMTP_PASSWORD_FILE",
            "others on this machine may read it",
            "Whoever has the password writes in the registry's name.",
            f"Run: chmod o-rwx {secret}",
        )


def _traces(settings: Settings) -> Iterator[Unsafe]:
    to = urlsplit(settings.traces_url or "")
    if to.scheme == "http" and not _is_loopback(to.hostname or ""):
        yield Unsafe(
            "IBR_TRACES_URL",
            "is not encrypted, and the collector is another machine",
            "Who asks when, and how often, would cross the network readable.",
            "Set it to an https address, or run a collector on this machine.",
        )


def _files(settings: Settings) -> Iterator[Unsafe]:
    for folder in (settings.data_dir, settings.data_dir / "keys"):
        if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o006:
            yield Unsafe(
                "IBR_DATA_DIR",
                f"others on this machine may read or write {folder}",
                "Keys and files of the registry are there.",
                f"Run: chmod o-rw {folder}",
            )
    if (settings.data_dir / "sandbox.json").exists():
        yield Unsafe(
            "IBR_DATA_DIR",
            "is the folder of a sandbox",
            "Its key is published, so anybody could sign in its name.",
            "Use a folder of its own for production.",
        )
    backups = settings.backup_dir
    if backups is None or _within(backups, settings.data_dir):
        yield Unsafe(
            "IBR_BACKUP_DIR",
            "is not set, or lies in the data folder",
            "The disk that takes the database away would take its backups with it.",
            "Set it to a folder on another disk or machine.",
        )


def _unknown(given: Collection[str]) -> Iterator[Unsafe]:
    known = {f"IBR_{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    for name in sorted(given):
        if name.startswith("IBR_") and name not in known and not name.startswith(_NOT_SETTINGS):
            yield Unsafe(
                name[:60],
                "is not a setting of the registry",
                "Somebody meant something by it that does not happen.",
                "Correct its name or remove it. docs/reference/settings.md lists all settings.",
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _within(inner: Path, outer: Path) -> bool:
    return inner.resolve().is_relative_to(outer.resolve())
