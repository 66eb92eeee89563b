"""The production profile starts with safe settings only, and says of each unsafe one why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ibr.errors import NotUnderstood, Unavailable
from ibr.operation.production import refuse_unsafe_settings, unsafe
from ibr.settings import Settings, read_settings

Change = dict[str, Any]


@pytest.fixture
def good(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    (data / "keys").mkdir(parents=True, mode=0o700)
    data.chmod(0o711)
    return Settings(
        profile="production",
        data_dir=data,
        backup_dir=tmp_path / "backups",
        public_url="https://registry.gov.example",
        registry_id="registry.gov.example",
        database_url="postgresql://ibr:9f2c4b81d7e65a03@/ibr?host=/run/postgresql",
    )


def test_a_safe_one_starts(good: Settings) -> None:
    assert unsafe(good, ["IBR_DATA_DIR", "IBR_PROFILE", "IBR_TEST_NO_SKIP", "HOME"]) == []
    refuse_unsafe_settings(good, [])


BAD: dict[str, tuple[str, Change]] = {
    "letters in the clear": (
        "IBR_SMTP_TLS",
        {"smtp_host": "mail.gov.example", "smtp_tls": "off"},
    ),
    "no public address": ("IBR_PUBLIC_URL", {"public_url": None}),
    "a public address without TLS": ("IBR_PUBLIC_URL", {"public_url": "http://ibr.gov.example"}),
    "the example's id": ("IBR_REGISTRY_ID", {"registry_id": "ibr.example.org"}),
    "open to the network without a proxy": ("IBR_HOST", {"host": "0.0.0.0"}),
    "the log of developers": ("IBR_LOG_LEVEL", {"log_level": "debug"}),
    "tokens for an hour": ("IBR_TOKEN_SECONDS", {"token_seconds": 3600}),
    "sessions for a day": ("IBR_SESSION_MINUTES", {"session_minutes": 1440}),
    "sessions for days": ("IBR_SESSION_HOURS", {"session_hours": 13}),
    "callbacks to this machine": ("IBR_CALLBACK_NETWORKS", {"callback_networks": "127.0.0.0/8"}),
    "callbacks to everywhere": ("IBR_CALLBACK_NETWORKS", {"callback_networks": "0.0.0.0/0"}),
    "callbacks to metadata": ("IBR_CALLBACK_NETWORKS", {"callback_networks": "169.254.169.254"}),
    "a network that is none": ("IBR_CALLBACK_NETWORKS", {"callback_networks": "partners"}),
    "everybody's word on addresses": ("IBR_TRUSTED_PROXIES", {"trusted_proxies": "0.0.0.0/0"}),
    "a star for proxies": ("IBR_TRUSTED_PROXIES", {"trusted_proxies": "*"}),
    "a database in the clear": (
        "IBR_DATABASE_URL",
        {"database_url": "postgresql://ibr:9f2c4b81d7e65a03@db.gov.example/ibr"},
    ),
    "a database without a look at its certificate": (
        "IBR_DATABASE_URL",
        {"database_url": "postgresql://ibr:9f2c4b81d7e65a03@db.gov.example/ibr?sslmode=require"},
    ),
    "a password that everybody guesses": (
        "IBR_DATABASE_URL",
        {"database_url": "postgresql://ibr:postgres@127.0.0.1/ibr"},
    ),
    "backups beside the data": ("IBR_BACKUP_DIR", {"backup_dir": None}),
}


@pytest.mark.parametrize("name", BAD)
def test_an_unsafe_setting_is_refused_by_name(good: Settings, name: str) -> None:
    setting, change = BAD[name]
    bad = msgspec.structs.replace(good, **change)
    assert [each.setting for each in unsafe(bad, [])] == [setting]
    with pytest.raises(Unavailable, match=setting) as refused:
        refuse_unsafe_settings(bad, [])
    assert refused.value.code == "settings.unsafe"


@pytest.mark.parametrize("name", BAD)
def test_trying_things_out_is_not_hindered(good: Settings, name: str) -> None:
    settings = msgspec.structs.replace(good, **BAD[name][1], profile="development")
    refuse_unsafe_settings(settings, ["IBR_ALLOW_UNSIGNED"])


@pytest.mark.parametrize("name", ["IBR_ALLOW_UNSIGNED", "IBR_DEBUG", "IBR_SKIP_SIGNATURES"])
def test_a_switch_that_does_not_exist_is_refused_too(good: Settings, name: str) -> None:
    with pytest.raises(Unavailable, match=f"{name}: is not a setting"):
        refuse_unsafe_settings(good, [name])


def world_readable(settings: Settings) -> None:
    (settings.data_dir / "keys").chmod(0o705)


def writable_by_all(settings: Settings) -> None:
    settings.data_dir.chmod(0o777)


def of_a_sandbox(settings: Settings) -> None:
    (settings.data_dir / "sandbox.json").write_text("{}")


@pytest.mark.parametrize("spoil", [world_readable, writable_by_all, of_a_sandbox])
def test_an_unsafe_folder_is_refused(good: Settings, spoil: Callable[[Settings], None]) -> None:
    spoil(good)
    assert {each.setting for each in unsafe(good, [])} == {"IBR_DATA_DIR"}


def test_all_that_is_unsafe_is_said_at_once(good: Settings) -> None:
    bad = msgspec.structs.replace(good, public_url=None, log_level="debug", host="0.0.0.0")
    with pytest.raises(Unavailable) as refused:
        refuse_unsafe_settings(bad, [])
    for setting in ("IBR_PUBLIC_URL", "IBR_LOG_LEVEL", "IBR_HOST"):
        assert setting in refused.value.message


def test_no_password_is_ever_repeated(good: Settings) -> None:
    url = "postgresql://ibr:hunter2@db.gov.example/ibr"
    said = repr(unsafe(msgspec.structs.replace(good, database_url=url), []))
    assert "IBR_DATABASE_URL" in said
    assert "hunter2" not in said


def test_messages_kept_for_looking_at_are_refused_when_settings_are_read() -> None:
    with pytest.raises(NotUnderstood, match="IBR_TRACE_CONTENT"):
        read_settings({"IBR_PROFILE": "production", "IBR_TRACE_CONTENT": "true"})


def test_a_proxy_of_ones_own_may_stand_before_it(good: Settings) -> None:
    behind = msgspec.structs.replace(good, host="0.0.0.0", trusted_proxies="10.1.2.3, 10.1.3.0/24")
    assert unsafe(behind, []) == []
