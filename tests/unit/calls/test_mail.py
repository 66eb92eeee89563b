"""Letters are handed to a real mail server: encrypted as set, let in, refused, or not there."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from ibr.calls.mail import (
    Letter,
    MailServer,
    check_server,
    checked_address,
    hand_in,
    look_in,
)
from ibr.calls.set_up import mail_server_from
from ibr.errors import NotUnderstood
from ibr.settings import Settings
from tests.mail_house import PASSWORD, SENDER, House, free_port, running

LETTER = Letter(
    to=("reports@agency.example",),
    subject="Rapport dû le 15 novembre",
    text="Le rapport n'est pas arrivé.\n",
    message_id="<report.OAP.1.2026-10.late@registry.example>",
    language="fr",
    date="Mon, 16 Nov 2026 08:00:00 +0000",
)


@pytest.fixture
def house() -> House:
    return House()


def with_password(server: MailServer, folder: Path, password: str = PASSWORD) -> MailServer:
    file = folder / "password"
    file.write_text(f"{password}\n")
    return msgspec.structs.replace(server, user="registry", password_file=file)


def test_a_letter_arrives_as_it_was_written(house: House) -> None:
    with running(house) as server:
        assert hand_in(server, LETTER).taken
    [arrived] = house.letters
    assert arrived["Subject"] == LETTER.subject
    assert arrived["From"] == SENDER
    assert arrived["To"] == "reports@agency.example"
    assert arrived["Message-ID"] == LETTER.message_id
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == "fr"
    assert arrived.get_content_type() == "text/plain"
    assert arrived.get_content().splitlines() == ["Le rapport n'est pas arrivé."]


def test_starttls_with_a_password(house: House, tmp_path: Path) -> None:
    with running(house, folder=tmp_path, asks=True) as server:
        assert hand_in(with_password(server, tmp_path), LETTER).taken
        assert look_in(with_password(server, tmp_path)).taken
    assert house.encrypted == [True]


def test_tls_from_the_first_byte(house: House, tmp_path: Path) -> None:
    with running(house, folder=tmp_path, at_once=True) as server:
        assert hand_in(server, LETTER).taken
    assert len(house.letters) == 1


def test_a_wrong_password_is_not_let_in(house: House, tmp_path: Path) -> None:
    with running(house, folder=tmp_path, asks=True) as server:
        wrong = with_password(server, tmp_path, "guessed")
        handed = hand_in(wrong, LETTER)
        assert look_in(wrong).outcome == "not_let_in"
    assert (handed.outcome, handed.taken, handed.again) == ("not_let_in", False, True)
    assert house.letters == []


def test_a_certificate_that_nobody_trusts_gets_no_letter(house: House, tmp_path: Path) -> None:
    with running(house, folder=tmp_path) as server:
        handed = hand_in(msgspec.structs.replace(server, ca_file=None), LETTER)
        # The control: the same server, trusted.
        assert hand_in(server, LETTER).taken
    assert (handed.outcome, handed.again) == ("certificate", True)
    assert len(house.letters) == 1


def test_it_never_falls_back_to_plain_text(house: House) -> None:
    with running(house) as plain:
        server = msgspec.structs.replace(plain, encryption="starttls")
        handed = hand_in(server, LETTER)
        assert look_in(server).outcome == "no_encryption"
    assert (handed.outcome, handed.taken) == ("no_encryption", False)
    assert house.letters == []


def test_a_server_that_is_down_is_tried_again() -> None:
    server = MailServer(host="127.0.0.1", port=free_port(), encryption="off", sender=SENDER)
    handed = hand_in(server, LETTER)
    assert (handed.outcome, handed.taken, handed.again) == ("no_answer", False, True)
    assert not look_in(server).taken


@pytest.mark.parametrize(("said", "again"), [("550 No such user", False), ("451 Later", True)])
def test_a_refused_recipient(house: House, said: str, again: bool) -> None:
    house.refuse["reports@agency.example"] = said
    with running(house) as server:
        handed = hand_in(server, LETTER)
    assert (handed.outcome, handed.taken, handed.again) == ("recipient_refused", False, again)
    assert house.letters == []


def test_one_of_two_recipients_refused_is_a_letter_sent(house: House) -> None:
    house.refuse["gone@agency.example"] = "550 No such user"
    both = msgspec.structs.replace(LETTER, to=("gone@agency.example", *LETTER.to))
    with running(house) as server:
        handed = hand_in(server, both)
    assert (handed.outcome, handed.taken) == ("partly_taken", True)
    assert house.recipients == [["reports@agency.example"]]


@pytest.mark.parametrize(("said", "again"), [("554 Rejected", False), ("452 Full", True)])
def test_a_refused_letter(house: House, said: str, again: bool) -> None:
    house.answer = said
    with running(house) as server:
        handed = hand_in(server, LETTER)
    assert (handed.outcome, handed.again) == ("letter_refused", again)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "reports",
        "a@b",
        "a@b.example\nBcc: everybody@b.example",
        "a@b.example\r\nBcc: everybody@b.example",
        "a@b.example, c@d.example",
        "A Person <a@b.example>",
        '"a b"@b.example',
        "a..b@c.example",
        "a@b_c.example",
        "a@-b.example",
        "a@b.example\x00",
        "a\u2028@b.example",
        "é@b.example",
        "a@bé.example",
        f"{'a' * 65}@b.example",
        f"a@{'b.' * 130}example",
    ],
)
def test_what_is_no_single_address_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        checked_address(text)


def test_control_addresses_that_there_are() -> None:
    for text in ("a@b.example", "first.last+reports@sub.agency.example", "o'neil@b-c.example"):
        assert checked_address(f" {text} ") == text


def test_the_server_is_read_from_the_settings(tmp_path: Path) -> None:
    assert mail_server_from(Settings()) is None
    with pytest.raises(NotUnderstood, match="IBR_SMTP_SENDER"):
        mail_server_from(Settings(smtp_host="mail.example"))
    made = mail_server_from(Settings(smtp_host="mail.example", smtp_sender=SENDER))
    assert made is not None
    assert (made.host, made.port, made.encryption) == ("mail.example", 587, "starttls")


def test_no_password_without_encryption() -> None:
    server = MailServer(
        host="mail.example", port=25, encryption="off", sender=SENDER, user="registry"
    )
    with pytest.raises(NotUnderstood, match="IBR_SMTP_TLS"):
        check_server(server)
    check_server(msgspec.structs.replace(server, host="127.0.0.1"))
    check_server(msgspec.structs.replace(server, encryption="starttls"))
