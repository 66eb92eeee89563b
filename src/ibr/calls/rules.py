"""Which addresses the registry may contact: registered ones only, and no host inside by accident.

An allow-list and not a filter (reliability 0.5): scheme, host and port equal a registered address
and the path lies beneath it; the name is resolved once, every answer is checked, and the
connection is made to the checked answer.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import msgspec

Network = IPv4Network | IPv6Network


class AddressRules(msgspec.Struct, frozen=True):
    """What beside the public Internet may be contacted.

    `inside` are networks of the government's own that partners live in; `local` lets plain http
    to 127.0.0.1 through, for development only.
    """

    inside: tuple[Network, ...] = ()
    local: bool = False
