"""Letters handed to a mail server: the registry's one way out by SMTP.

The server is named in the settings and by nobody else. With `starttls` and `tls` its certificate
must hold for its name; what it answers is read for its class of code alone, and never repeated.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Literal

import msgspec

from ibr.errors import NotUnderstood

Encryption = Literal["starttls", "tls", "off"]
SECONDS: Final = 20.0
LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64
# Plain ASCII and nothing that a header could end with: no blank, comma, quote, bracket or control.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}",
    re.ASCII,
)
_FOR_GOOD: Final = range(500, 600)
_NO_SUCH_SERVICE: Final = smtplib.SMTPNotSupportedError


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where letters are handed in, and in whose name."""

    host: str
    port: int
    encryption: Encryption
    sender: str
    user: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    seconds: float = SECONDS


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter in plain text. `message_id` stays the same at every try of it."""

    to: tuple[str, ...]
    subject: str
    text: str
    message_id: str
    language: str
    date: str


class Handed(msgspec.Struct, frozen=True):
    """How a try ended, as a code; `again` says whether another try makes sense."""

    outcome: str
    taken: bool = False
    again: bool = False


def checked_address(text: str, field: str = "email") -> str:
    """An e-mail address that can stand in a header; NotUnderstood for anything else."""
    address = text.strip(" ")
    local = address.partition("@")[0]
    if (
        len(address) > LONGEST_ADDRESS
        or len(local) > _LONGEST_LOCAL
        or not _ADDRESS.fullmatch(address)
    ):
        raise NotUnderstood(
            "mail.address",
            "Write one e-mail address, such as reports@agency.example.org.",
            field=field,
        )
    return address


def hand_in(server: MailServer, letter: Letter) -> Handed:
    """Hands a letter in, and waits for the server's word; never raises for what a server does."""
    try:
        with _connected(server) as connection:
            refused = connection.send_message(
                _message(server, letter), server.sender, list(letter.to)
            )
    except smtplib.SMTPRecipientsRefused as gone:
        codes = [code for code, _ in gone.recipients.values()]
        return Handed("recipient_refused", again=not all(code in _FOR_GOOD for code in codes))
    except smtplib.SMTPSenderRefused as gone:
        return Handed("sender_refused", again=gone.smtp_code not in _FOR_GOOD)
    except smtplib.SMTPAuthenticationError:
        return Handed("not_let_in", again=True)
    except smtplib.SMTPDataError as gone:
        return Handed("letter_refused", again=gone.smtp_code not in _FOR_GOOD)
    except _NO_SUCH_SERVICE:
        return Handed("no_encryption", again=True)
    except ssl.SSLError:
        return Handed("certificate", again=True)
    except (smtplib.SMTPException, OSError):
        return Handed("no_answer", again=True)
    return Handed("partly_taken" if refused else "taken", taken=True)


def look_in(server: MailServer) -> Handed:
    """Whether the server answers, encrypts and lets the registry in; no letter is handed in."""
    try:
        with _connected(server) as connection:
            code, _ = connection.noop()
    except smtplib.SMTPAuthenticationError:
        return Handed("not_let_in")
    except _NO_SUCH_SERVICE:
        return Handed("no_encryption")
    except ssl.SSLError:
        return Handed("certificate")
    except (smtplib.SMTPException, OSError):
        return Handed("no_answer")
    return Handed("taken", taken=True) if code < 400 else Handed("no_answer")


def _connected(server: MailServer) -> smtplib.SMTP:
    """A session that is encrypted and let in as the settings say; never less than that."""
    trusted = ssl.create_default_context(cafile=server.ca_file)
    if server.encryption == "tls":
        session: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.seconds, context=trusted
        )
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
    try:
        if server.encryption == "starttls":
            session.starttls(context=trusted)
        if server.user:
            session.login(server.user, password_of(server))
    except BaseException:
        session.close()
        raise
    return session


def password_of(server: MailServer) -> str:
    """The password as its file holds it, without the end of its line."""
    if server.password_file is None:
        return ""
    return server.password_file.read_text(encoding="utf-8").rstrip("\r\n")


def _message(server: MailServer, letter: Letter) -> EmailMessage:
    # A header with a line break in it is refused here by the library as well.
    made = EmailMessage()
    made["From"] = server.sender
    made["To"] = ", ".join(letter.to)
    made["Subject"] = letter.subject
    made["Date"] = letter.date
    made["Message-ID"] = letter.message_id
    made["Auto-Submitted"] = "auto-generated"
    # Setting the content takes away what was said of it before.
    made.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    made["Content-Language"] = letter.language
    return made


def check_server(server: MailServer) -> None:
    """NotUnderstood where a password cannot be read or would go out without encryption."""
    if server.user and server.encryption == "off" and server.host not in ("127.0.0.1", "::1"):
        raise NotUnderstood(
            "setting.smtp",
            "IBR_SMTP_USER needs encryption: set IBR_SMTP_TLS to starttls or tls, so that the "
            "password does not cross the network readable.",
        )
