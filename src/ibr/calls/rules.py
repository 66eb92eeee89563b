"""Which addresses the registry may contact: registered ones only, and no host inside by accident.

An allow-list and not a filter (reliability 0.5): scheme, host and port equal a registered address
and the path lies beneath it; the name is resolved once, every answer is checked, and the
connection is made to the checked answer.

An address is read here, by one strict pattern, and nowhere else: two readers of an address that
disagree about its host are the way around every check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from ibr.errors import NotUnderstood

Network = IPv4Network | IPv6Network

LONGEST: Final = 2_000
_LOCAL_HOST: Final = "127.0.0.1"
_PORTS: Final = {"https": 443, "http": 80}

# The characters of RFC 3986 and no others: readers that drop tabs, unfold wide letters or turn
# backslashes see another host.
_VISIBLE = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")
_SHAPE = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)"
    r"(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_PERCENT = re.compile(r"%(?![0-9a-fA-F]{2})")


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


# Special uses of IPv4 by IANA's register, multicast and everything above it. What
# ipaddress.is_global says is not used: it differs between versions of Python and calls some of
# these global.
_NOT_PUBLIC_4: Final = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
# IPv6 the other way round: public is only what IANA gives out as such, without what carries an
# IPv4 address inside (2001::/23 holds Teredo, 2002::/16 is 6to4) and without examples.
_PUBLIC_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = _networks(
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"
)
# What no setting opens: this machine, its neighbours on the wire, and where clouds keep secrets.
_NEVER: Final = _networks(
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/3",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "::/16",
    "64:ff9b::/32",
    "fd00:ec2::/32",
    "fe80::/10",
    "ff00::/8",
)
# Where a government's own networks may lie; public addresses need no setting.
_PRIVATE: Final = _networks(
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"
)


class AddressRules(msgspec.Struct, frozen=True):
    """What beside the public Internet may be contacted.

    `inside` are networks of the government's own that partners live in; `local` lets plain http
    to 127.0.0.1 through, for development only.
    """

    inside: tuple[Network, ...] = ()
    local: bool = False


class Address(msgspec.Struct, frozen=True):
    """An address taken apart: lower-case host without brackets, port always given."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def target(self) -> str:
        """What is asked for on the first line of a request."""
        return (self.path or "/") + self.query

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


def address_rules(networks: str, *, local: bool) -> AddressRules:
    """The rules from the setting: networks with commas between them."""
    inside = []
    for text in filter(None, (each.strip() for each in networks.split(","))):
        try:
            network = ip_network(text)
        except ValueError:
            raise NotUnderstood(
                "setting.callback_networks",
                "IBR_CALLBACK_NETWORKS: each entry must be a network such as 10.20.0.0/16.",
            ) from None
        if not any(_lies_in(network, allowed) for allowed in _PRIVATE):
            raise NotUnderstood(
                "setting.callback_networks",
                "IBR_CALLBACK_NETWORKS: name private networks only (10.0.0.0/8, 172.16.0.0/12, "
                "192.168.0.0/16, 100.64.0.0/10, fc00::/7). Public addresses need no entry.",
            )
        inside.append(network)
    return AddressRules(tuple(inside), local)


def _lies_in(network: Network, other: Network) -> bool:
    return (
        network.version == other.version
        and int(other.network_address) <= int(network.network_address)
        and int(network.broadcast_address) <= int(other.broadcast_address)
    )


def _refuse(why: str) -> NotUnderstood:
    return NotUnderstood("address.invalid", f"This address cannot be used: {why}")


def read_address(url: str) -> Address:
    """The address taken apart; NotUnderstood for whatever two readers could read differently."""
    if len(url) > LONGEST:
        raise _refuse(f"it has more than {LONGEST} characters.")
    shape = _SHAPE.fullmatch(url) if _VISIBLE.fullmatch(url) else None
    if shape is None:
        raise _refuse("write it as https://host/path, in plain ASCII without spaces or backslash.")
    if shape["fragment"] is not None:
        raise _refuse("leave out the part from #.")
    if "@" in shape["authority"]:
        raise _refuse("leave out user and password.")
    scheme = shape["scheme"].lower()
    if scheme not in _PORTS:
        raise _refuse("it must begin with https://.")
    authority = _AUTHORITY.fullmatch(shape["authority"])
    if authority is None:
        raise _refuse("its host or port cannot be read.")
    port = int(authority["port"] or _PORTS[scheme])
    if not 1 <= port <= 65_535:
        raise _refuse("its port must be between 1 and 65535.")
    _check_path(shape["path"])
    return Address(scheme, _host(authority["host"].lower()), port, shape["path"], shape[4] or "")


def _host(host: str) -> str:
    """A host name, or an address in its one plain spelling, without brackets."""
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1])) if "%" not in host else _no_zone()
        except ValueError:
            raise _refuse("its IPv6 address cannot be read.") from None
    labels = host.split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", labels[-1]):
        # 127.1, 0x7f000001 and 0177.0.0.1 mean this machine to some readers and nothing to others.
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _refuse("write an IPv4 address with four decimal numbers.") from None
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _refuse("its host is not a name; write names beyond ASCII as xn--… .")
    if labels[-1] == "localhost":
        raise _refuse("it names this machine.")
    return host


def _no_zone() -> str:
    raise _refuse("leave out the zone of its IPv6 address.")


def _check_path(path: str) -> None:
    """Refuses a path that a server could read as another one than it looks."""
    if _PERCENT.search(path):
        raise _refuse("a percent sign in its path must begin an escape such as %20.")
    decoded = unquote_to_bytes(path)
    if len(decoded.split(b"/")) != len(path.split("/")) or b"\\" in decoded or b"%" in decoded:
        raise _refuse("its path hides a slash, a backslash or a percent sign.")
    if any(byte < 0x20 or byte == 0x7F for byte in decoded):
        raise _refuse("its path holds a control character.")
    # Some servers cut a segment at its semicolon before they resolve it.
    if any(segment.split(b";")[0] in (b".", b"..") for segment in decoded.split(b"/")):
        raise _refuse("its path goes up with dots.")
    if b"//" in decoded:
        raise _refuse("its path has two slashes in a row.")


def check_registered(url: str, rules: AddressRules) -> Address:
    """The address that a partner registers, or NotUnderstood: https to a host that may be
    contacted; with `local` also plain http to 127.0.0.1."""
    address = read_address(url)
    if address.scheme == "http":
        if rules.local and address.host == _LOCAL_HOST:
            return address
        raise _refuse(
            "it must begin with https://"
            + (" (plain http only for http://127.0.0.1 in development)." if rules.local else ".")
        )
    if is_literal(address.host) and not may_connect(address.host, rules):
        raise _refuse(
            "it lies in a network that the registry does not contact. If partners live there, "
            "name the network in IBR_CALLBACK_NETWORKS."
        )
    return address


def within(url: str, registered: Iterable[str]) -> bool:
    """Whether scheme, host and port equal a registered address and the path lies beneath it
    (behaviour.md 38). False for an address that cannot be read."""
    try:
        address = read_address(url)
    except NotUnderstood:
        return False
    return any(_beneath(address, each) for each in registered)


def _beneath(address: Address, registered: str) -> bool:
    try:
        base = read_address(registered)
    except NotUnderstood:
        return False
    if address.origin != base.origin:
        return False
    # Whole segments: /callback covers /callback/on-search and never /callbacks.
    folder = base.path.rstrip("/")
    return address.path == folder or address.path.startswith(folder + "/")


def is_literal(host: str) -> bool:
    """Whether a host is an IP address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def may_connect(answer: str, rules: AddressRules, *, plain: bool = False) -> bool:
    """Whether a connection to this IP address may be made; `plain` is http without TLS, which
    goes to 127.0.0.1 in development and nowhere else."""
    try:
        ip = ip_address(answer)
    except ValueError:
        return False
    if plain:
        return rules.local and str(ip) == _LOCAL_HOST
    if isinstance(ip, IPv6Address) and ip.scope_id is not None:
        return False
    if any(ip in network for network in _NEVER):
        return False
    return _is_public(ip) or any(ip in network for network in rules.inside)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_4)
    return ip in _PUBLIC_6 and not any(ip in network for network in _NOT_PUBLIC_6)
