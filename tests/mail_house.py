"""A real mail server on this machine: takes letters, refuses, encrypts, asks for a password."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ibr.calls.mail import Encryption, MailServer

PASSWORD = "a password for letters"
SENDER = "registry@talmira.example"


class House:
    """What arrived, and what the server is to refuse."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.encrypted: list[bool] = []
        self.refuse: dict[str, str] = {}
        self.answer = "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        content = cast(bytes, envelope.content)
        if self.answer.startswith("250"):
            made = message_from_bytes(content, policy=policy.default)
            self.letters.append(cast(EmailMessage, made))
            self.recipients.append(list(envelope.rcpt_tos))
            self.encrypted.append(session.ssl is not None)
        return self.answer


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that this machine signed for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "mail.pem", folder / "mail.key"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


def _let_in(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> Any:
    right = isinstance(given, LoginPassword) and given.password == PASSWORD.encode()
    return AuthResult(success=right, handled=right)


@contextmanager
def running(
    house: House, *, folder: Path | None = None, asks: bool = False, at_once: bool = False
) -> Iterator[MailServer]:
    """The server while it runs, as the registry's settings name it. With a folder it encrypts:
    by STARTTLS, or from the first byte."""
    options: dict[str, Any] = {}
    encryption: Encryption = "off"
    ca_file = None
    if folder is not None:
        ca_file, secret = certificate(folder)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(ca_file, secret)
        encryption = "tls" if at_once else "starttls"
        options = {"ssl_context": context} if at_once else {"tls_context": context}
    if asks:
        options |= {"authenticator": _let_in, "auth_required": True}
    controller = Controller(house, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield MailServer(
            host="127.0.0.1",
            port=controller.port,
            encryption=encryption,
            sender=SENDER,
            ca_file=ca_file,
            seconds=5.0,
        )
    finally:
        controller.stop()
