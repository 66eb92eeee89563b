"""Passwords and sessions as OWASP ASVS 5.0 asks for them (chapters 6 and 7)."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import msgspec
import pytest
from argon2 import extract_parameters

from ibr.access.staff import sign_in
from ibr.access.staff.passwords import LONGEST, SHORTEST, check_password
from ibr.access.staff.sign_in import Candidate, hash_password, officer_of
from ibr.errors import NotUnderstood
from ibr.settings import Settings

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "src" / "ibr" / "web" / "templates"
FIELD = re.compile(r"<input [^>]*type=\"password\"[^>]*>")
# Of those that published lists have most of, the ones that are long enough to be taken here.
TAKEN_MOST = [
    "123456789012",
    "1234567890123456",
    "098765432109",
    "111111111111",
    "121212121212",
    "112233112233",
    "123123123123",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "qazwsxedcrfv",
    "q1w2e3r4t5y6",
    "zaq12wsxcde3",
    "qwertyuiop12",
    "qwertyuiopasdf",
    "asdfghjkl123",
    "abcdefghijkl",
    "abcdefg12345",
    "password1234",
    "passwordpassword",
    "P@ssw0rd1234",
    "Passw0rd!!!!",
    "iloveyou1234",
    "administrator",
    "Administrator1",
    "welcome12345",
    "letmein12345",
    "football1234",
    "changeme1234",
    "motdepasse12",
    "azertyuiop12",
]
OWN_WORDS = ["Registry2026!", "beneficiary12", "Ministry12345", "socialprotection", "Programme2026"]


def taken(password: str) -> bool:
    try:
        check_password(password, "ada.admin@example.org", "Ada Admin")
    except NotUnderstood:
        return False
    return True


@pytest.mark.parametrize("password", TAKEN_MOST)
def test_what_people_take_most_is_refused(password: str) -> None:
    assert not taken(password)


@pytest.mark.parametrize("password", OWN_WORDS)
def test_words_of_the_place_are_refused(password: str) -> None:
    assert not taken(password)


@pytest.mark.parametrize(
    "password",
    [
        "we met under the jacaranda",
        "ONLY CAPITALS AND BLANKS",
        "нам встретилась кошка",
        "日本語の長い合言葉です本当に",
        "🐢🐇🐢 the tortoise won",
        "plain words and nothing more " * 3,
        "x1y2" * 5 + "unlike the others" * 50,
    ],
)
def test_any_characters_make_a_password(password: str) -> None:
    assert SHORTEST <= len(password) <= LONGEST
    assert taken(password)


async def test_every_character_of_a_password_counts() -> None:
    """Neither cut off, nor trimmed, nor in other letters."""
    password = "A sentence, " + "long " * 30 + "and its end. "
    who = Candidate(b"", 7, hash_password(password))
    assert await officer_of(who, password) == 7
    for other in (password[:72], password[:-1], password.strip(), password.lower()):
        assert await officer_of(who, other) is None


def test_passwords_are_hashed_slowly_and_with_memory() -> None:
    """At least what OWASP asks of Argon2id: 19 MiB and two passes."""
    used = extract_parameters(hash_password("x"))
    assert used.type.name == "ID"
    assert used.memory_cost >= 19 * 1024
    assert used.time_cost >= 2


def fields() -> list[str]:
    return [
        field
        for path in TEMPLATES.rglob("*.html")
        for field in FIELD.findall(path.read_text(encoding="utf-8"))
    ]


def test_fields_hide_what_is_typed_and_let_managers_fill_them() -> None:
    found = fields()
    assert len(found) >= 5
    for field in found:
        assert 'autocomplete="current-password"' in field or 'autocomplete="new-password"' in field
        assert "onpaste" not in field
    # Nobody types a password into a field of another kind.
    named = re.compile(r"<input [^>]*name=\"[a-z_]*password\"[^>]*>")
    for path in TEMPLATES.rglob("*.html"):
        for field in named.findall(path.read_text(encoding="utf-8")):
            assert 'type="password"' in field


def test_every_page_offers_to_sign_out() -> None:
    base = (TEMPLATES / "base.html").read_text(encoding="utf-8")
    assert 'action="/sign-out"' in base
    # Whatever is drawn for who is signed in is drawn upon that page.
    alone = [
        path.name
        for path in TEMPLATES.glob("*.html")
        if "<body" in path.read_text(encoding="utf-8") and path.name != "base.html"
    ]
    assert alone == [] or not any(
        "officer.name" in (TEMPLATES / name).read_text(encoding="utf-8") for name in alone
    )


def test_no_setting_makes_passwords_run_out() -> None:
    names = [field.name for field in msgspec.structs.fields(Settings)]
    assert [name for name in names if "password" in name] == ["smtp_password_file"]


def test_a_session_has_256_random_bits() -> None:
    source = Path(sign_in.__file__).read_text(encoding="utf-8")
    assert "secret = secrets.token_urlsafe(32)" in source
    assert len(base64.urlsafe_b64decode(sign_in.secrets.token_urlsafe(32) + "=")) == 32


def test_a_new_registry_has_no_account() -> None:
    """No migration writes an officer or a partner; the first is invited by who runs the machine."""
    folder = ROOT / "src" / "ibr" / "db" / "migrations" / "versions"
    writing = re.compile(r"insert\s+into\s+(?:ibr\.)?(officer|partner)\s*\(", re.I)
    found = [path.name for path in folder.glob("*.sql") if writing.search(path.read_text())]
    assert found == []
    assert writing.search("insert into ibr.officer (email) values ('x')")
