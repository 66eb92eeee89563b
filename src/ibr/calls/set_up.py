"""The rules and the caller from the settings: the one place where they are made."""

from __future__ import annotations

from ibr.calls.caller import Caller
from ibr.calls.mail import MailServer, check_server, checked_address
from ibr.calls.rules import AddressRules, address_rules
from ibr.errors import NotUnderstood
from ibr.settings import Settings


def rules_from(settings: Settings) -> AddressRules:
    """Which addresses this registry may contact."""
    return address_rules(settings.callback_networks, local=not settings.production)


def caller_from(settings: Settings) -> Caller:
    """The way out for this process; whoever makes it closes it."""
    return Caller(rules_from(settings), ca_file=settings.callback_ca_file)


def mail_server_from(settings: Settings) -> MailServer | None:
    """Where letters are handed in; None where nobody has said. NotUnderstood where a part of it is
    missing."""
    if settings.smtp_host is None:
        return None
    if settings.smtp_sender is None:
        raise NotUnderstood(
            "setting.smtp",
            "IBR_SMTP_HOST needs IBR_SMTP_SENDER, the e-mail address that reminders come from.",
        )
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        encryption=settings.smtp_tls,
        sender=checked_address(settings.smtp_sender),
        user=settings.smtp_user,
        password_file=settings.smtp_password_file,
        ca_file=settings.smtp_ca_file,
    )
    check_server(server)
    return server
