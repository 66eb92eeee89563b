"""The rules and the caller from the settings: the one place where they are made."""

from __future__ import annotations

from ibr.calls.caller import Caller
from ibr.calls.rules import AddressRules, address_rules
from ibr.settings import Settings


def rules_from(settings: Settings) -> AddressRules:
    """Which addresses this registry may contact."""
    return address_rules(settings.callback_networks, local=not settings.production)


def caller_from(settings: Settings) -> Caller:
    """The way out for this process; whoever makes it closes it."""
    return Caller(rules_from(settings), ca_file=settings.callback_ca_file)
