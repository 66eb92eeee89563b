"""One thing to try at a receiver of callbacks, and the ways to make a wrong message out of a right
one. The tables are in signature_cases.py and message_cases.py; each case is sent alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import msgspec

from ibr.sandbox.calling import JSON
from ibr.sandbox.model import Severity
from ibr.sandbox.played_registry import PlayedRegistry
from ibr_messages.strict_json import canonical

Json = dict[str, Any]
SIGNATURE: Final = "docs/standard/signatures.md; OpenAPI: signature of {header}+{message}"
HEADER: Final = "OpenAPI: MsgCallbackHeader_V1.0.0"
ACK: Final = "OpenAPI: Response (Ack)"


class Sent(msgspec.Struct, frozen=True):
    """One request: the body, its headers, its verb."""

    body: bytes
    headers: Mapping[str, str] = JSON
    method: str = "POST"


Make = Callable[[PlayedRegistry, str], Sent]
"""Makes what is sent to the receiver of an action."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to try at one receiver, and what should come back. `action` is the receiver that
    it is about, where it is about one."""

    id: str
    title: str
    sent: str
    expect: Literal["ack", "refused", "answered", "cut_off"]
    severity: Severity
    standard: str
    mend: str
    make: Make
    action: str | None = None


def wrong(
    name: str,
    title: str,
    sent: str,
    mend: str,
    make: Make,
    **how: Any,
) -> Case:
    """A case that must be refused, unless `how` says otherwise."""
    given: Json = {"expect": "refused", "severity": "must", "standard": SIGNATURE, **how}
    return Case(id=name, title=title, sent=sent, mend=mend, make=make, **given)


def right(registry: PlayedRegistry, action: str) -> Sent:
    """The right message itself."""
    return Sent(registry.sealed(registry.content(action)))


def changed_header(registry: PlayedRegistry, action: str, **header: Any) -> Sent:
    return Sent(registry.sealed(registry.content(action, **header)))


def changed(
    registry: PlayedRegistry, action: str, change: Callable[[Json], object], **how: Any
) -> Sent:
    """A right message, changed before it is signed."""
    content = registry.content(action)
    change(content)
    return Sent(registry.sealed(content, **how))


def signature_changed(
    registry: PlayedRegistry, action: str, change: Callable[[str], object]
) -> Sent:
    """A right message whose signature is changed afterwards."""
    document = msgspec.json.decode(right(registry, action).body)
    document["signature"] = change(document["signature"])
    return Sent(canonical(document))
