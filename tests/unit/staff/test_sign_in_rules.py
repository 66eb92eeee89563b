"""Rules of signing in: who needs two factors, how guesses are slowed, tickets, settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pyotp
import pytest

from ibr.access.openid.rules import challenge_of
from ibr.access.staff.ministry.rules import read_second
from ibr.access.staff.rights import RIGHTS
from ibr.access.staff.second import rules, totp
from ibr.access.staff.second.tickets import Tickets
from ibr.access.staff.sign_in import cookie_name
from ibr.errors import NotProven, NotUnderstood
from ibr.protection.keyring import Keyring
from ibr.protection.seal import Sealer
from ibr.settings import Settings, read_settings
from ibr.web.sign_in_settings import ministry_from

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TICKETS = Tickets(Sealer(Keyring(current=1, data={1: b"d" * 32}, index=b"i" * 32)))
LIFE = timedelta(minutes=10)


class Said(msgspec.Struct, frozen=True):
    text: str


@pytest.mark.parametrize("role", RIGHTS)
def test_who_needs_a_second_factor(role: str) -> None:
    demanded = role in {"administrator", "steward", "auditor", "data_protection_officer"}
    assert rules.second_factor_needed([role], production=True, everybody=False) is demanded
    assert rules.second_factor_needed([role], production=False, everybody=False) is False
    assert rules.second_factor_needed([role], production=False, everybody=True) is True
    both = ["analyst", role]
    assert rules.second_factor_needed(both, production=True, everybody=False) is demanded


def test_waits_double_and_end() -> None:
    assert [rules.code_wait(count) for count in (0, 4, 5, 6, 13, 14, 500)] == [
        0, 0, 2, 4, 512, 900, 900,
    ]  # fmt: skip


def test_a_day_of_guessing_finds_little() -> None:
    """Three codes count at any moment: what a guesser can try in a day, and how likely it hits."""
    tried, seconds = 0, 0
    while seconds < 24 * 3600:
        tried += 1
        seconds += rules.code_wait(tried) + 1
    assert tried < 120
    assert tried * 3 / 1_000_000 < 1 / 2_000


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (" 123 456 ", "123456"),
        ("010 818", "010818"),
        ("abcd-efgh ijkl.mnop", "ABCDEFGHIJKLMNOP"),
        ("ABC0 EFG1 IJK8 MNOP", "ABCOEFGIIJKBMNOP"),
    ],
)
def test_codes_are_read_as_they_were_meant(written: str, meant: str) -> None:
    assert rules.typed(written) == meant


def test_a_recovery_code_is_80_bits_in_letters_that_are_not_mixed_up() -> None:
    code = rules.recovery_code(bytes(range(16)))
    assert [len(part) for part in code.split(" ")] == [4, 4, 4, 4]
    assert not set("0189") & set(code)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/141.0 Mobile Safari", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_short(agent: str, name: str) -> None:
    assert rules.browser_of(agent) == name


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: the secret of 20 bytes at 59 seconds and at 1111111109."""
    secret = totp.new_secret(b"12345678901234567890")
    for moment, code in ((59, "287082"), (1111111109, "081804")):
        at = datetime.fromtimestamp(moment, UTC)
        assert totp.step_of(secret, code, at) == moment // 30
        assert pyotp.TOTP(secret.text).at(at) == code


@pytest.mark.parametrize("code", ["", "28708", "2870822", "²87082", "２８７０８２", "28708a"])
def test_what_is_no_code_is_none(code: str) -> None:
    secret = totp.new_secret(b"12345678901234567890")
    assert totp.step_of(secret, code, datetime.fromtimestamp(59, UTC)) is None


def read(ticket: str, purpose: str = "step", holder: str = "me", later: float = 0) -> Said:
    at = AT + timedelta(minutes=later)
    return TICKETS.read(purpose, holder, ticket, Said, at=at, life=LIFE)


def test_a_ticket_says_what_was_written() -> None:
    assert read(TICKETS.write("step", "me", Said("hello"), AT), later=9) == Said("hello")


@pytest.mark.parametrize(
    ("purpose", "holder", "later"),
    [("other", "me", 0), ("step", "you", 0), ("step", "me", 10), ("step", "me", -2)],
)
def test_a_ticket_is_for_one_purpose_one_holder_and_a_while(
    purpose: str, holder: str, later: float
) -> None:
    ticket = TICKETS.write("step", "me", Said("hello"), AT)
    with pytest.raises(NotProven):
        read(ticket, purpose, holder, later)


@pytest.mark.parametrize("ticket", ["", "x", "é", "A" * 5_000, "AAAA", "A=A="])
def test_what_is_no_ticket_is_refused(ticket: str) -> None:
    with pytest.raises(NotProven):
        read(ticket)


def test_a_changed_ticket_is_refused() -> None:
    ticket = TICKETS.write("step", "me", Said("hello"), AT)
    middle = len(ticket) // 2
    changed = ticket[:middle] + ("A" if ticket[middle] != "A" else "B") + ticket[middle + 1 :]
    with pytest.raises(NotProven):
        read(changed)


def test_the_challenge_of_pkce_is_that_of_the_standard() -> None:
    """RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_what_stands_for_a_second_factor_is_read() -> None:
    assert read_second(" amr=mfa, acr=https://x/a=b ,") == {
        ("amr", "mfa"),
        ("acr", "https://x/a=b"),
    }
    for wrong in ("mfa", "amr=", "scope=x"):
        with pytest.raises(NotUnderstood):
            read_second(wrong)


def test_a_cookie_in_production_is_of_this_host() -> None:
    assert cookie_name("ibr_session", production=True) == "__Host-ibr_session"
    assert cookie_name("ibr_session", production=False) == "ibr_session"


RIGHT = {
    "IBR_PROFILE": "production",
    "IBR_PUBLIC_URL": "https://registry.example",
    "IBR_OIDC_ISSUER": "https://login.example",
    "IBR_OIDC_CLIENT_ID": "registry",
}


@pytest.mark.parametrize(
    "change",
    [
        {"IBR_OIDC_ISSUER": "http://login.example"},
        {"IBR_OIDC_ISSUER": "http://127.0.0.1:9"},
        {"IBR_OIDC_CLIENT_ID": ""},
        {"IBR_PUBLIC_URL": ""},
    ],
)
def test_settings_that_cannot_work_or_are_not_safe_are_refused(change: dict[str, str]) -> None:
    assert read_settings(RIGHT).oidc_client_id == "registry"
    with pytest.raises(NotUnderstood):
        read_settings(RIGHT | change)


@pytest.mark.parametrize(
    ("content", "mode", "sentence"),
    [(None, 0, "cannot be read"), ("x", 0o644, "others may read"), (" \n", 0o600, "is empty")],
)
def test_a_secret_that_is_none_is_refused(
    tmp_path: Path, content: str | None, mode: int, sentence: str
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    settings = Settings(
        public_url="https://registry.example",
        oidc_issuer="https://login.example",
        oidc_client_id="registry",
        oidc_client_secret_file=path,
    )
    with pytest.raises(NotUnderstood, match=sentence):
        ministry_from(settings, None)  # type: ignore[arg-type]  # nothing is sent
