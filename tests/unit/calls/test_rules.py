"""Which addresses may be registered and contacted: one table of hostile ones, one of good ones."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibr.calls.rules import (
    AddressRules,
    address_rules,
    check_registered,
    may_connect,
    read_address,
    within,
)
from ibr.errors import NotUnderstood

PUBLIC = AddressRules()
LOCAL = AddressRules(local=True)
INSIDE = AddressRules(inside=(ip_network("10.20.0.0/16"), ip_network("fd12:3456::/32")))

HOSTILE = {
    # Not https, or not an address at all.
    "empty": "",
    "no scheme": "spmis.example.org/callback",
    "no host": "https:///callback",
    "scheme relative": "//spmis.example.org/callback",
    "one slash": "https:/spmis.example.org/callback",
    "no slashes": "https:spmis.example.org",
    "plain http": "http://spmis.example.org/callback",
    "plain http to this machine, in production": "http://127.0.0.1:8080/callback",
    "file": "file:///etc/passwd",
    "ftp": "ftp://spmis.example.org/callback",
    "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
    "ldap": "ldap://spmis.example.org/",
    "dict": "dict://127.0.0.1:11211/stat",
    "jar": "jar:https://spmis.example.org!/",
    "javascript": "javascript:alert(1)",
    "data": "data:application/json,{}",
    "unix socket": "http+unix://%2Fvar%2Frun%2Fdocker.sock/containers",
    "websocket": "wss://spmis.example.org/callback",
    # A host that is another one to the next reader.
    "user": "https://admin@spmis.example.org/callback",
    "user and password": "https://admin:secret@spmis.example.org/callback",
    "host behind the at": "https://spmis.example.org@evil.example/callback",
    "empty user": "https://@evil.example/callback",
    "escaped at": "https://spmis.example.org%40evil.example/callback",
    "backslash before the at": "https://evil.example\\@spmis.example.org/callback",
    "backslash for a slash": "https://evil.example\\.spmis.example.org/callback",
    "backslashes": "https:\\\\spmis.example.org/callback",
    "fragment before the at": "https://evil.example#@spmis.example.org/callback",
    "fragment": "https://spmis.example.org/callback#top",
    "empty fragment": "https://spmis.example.org/callback#",
    "two ports": "https://spmis.example.org:443:80/callback",
    "tab in the host": "https://spmis.exam\tple.org/callback",
    "line feed in the host": "https://spmis.example.org\n.evil.example/callback",
    "carriage return and header": "https://spmis.example.org/\r\nX-Evil: 1",
    "space in front": " https://spmis.example.org/callback",
    "space behind": "https://spmis.example.org/callback ",
    "NUL": "https://spmis.example.org\x00.evil.example/",
    "soft hyphen": "https://spm­is.example.org/callback",
    "full-width letters": "https://ｓpmis.example.org/callback",
    "full-width dots": "https://127。0。0。1/callback",
    "circled digits": "https://①②⑦.⓪.⓪.①/callback",
    "Cyrillic letter": "https://spmіs.example.org/callback",
    "right to left": "https://spmis.example.org/\u202ecba",
    "escaped host": "https://spmis%2Eexample.org/callback",
    "trailing dot": "https://spmis.example.org./callback",
    "two dots": "https://spmis..example.org/callback",
    "leading dot": "https://.example.org/callback",
    "leading hyphen": "https://-spmis.example.org/callback",
    "long label": f"https://{'a' * 64}.example.org/callback",
    "long host": f"https://{'a.' * 130}org/callback",
    "long": f"https://spmis.example.org/{'a' * 2000}",
    # This machine, its neighbours, and where clouds keep secrets, however it is spelt.
    "localhost": "https://localhost/callback",
    "name below localhost": "https://callback.localhost/",
    "loopback": "https://127.0.0.1/callback",
    "short loopback": "https://127.1/callback",
    "loopback as a number": "https://2130706433/callback",
    "loopback in hexadecimal": "https://0x7f000001/callback",
    "loopback in octal": "https://0177.0.0.1/callback",
    "loopback with leading noughts": "https://127.000.000.001/callback",
    "loopback mixed": "https://0x7f.1/callback",
    "nought": "https://0/callback",
    "nowhere": "https://0.0.0.0/callback",
    "loopback of IPv6": "https://[::1]/callback",
    "nowhere of IPv6": "https://[::]/callback",
    "loopback in IPv6": "https://[::ffff:127.0.0.1]/callback",
    "loopback in IPv6, hexadecimal": "https://[::ffff:7f00:1]/callback",
    "loopback by NAT64": "https://[64:ff9b::7f00:1]/callback",
    "loopback by 6to4": "https://[2002:7f00:1::]/callback",
    "loopback by Teredo": "https://[2001:0:7f00:1::]/callback",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata in IPv6": "https://[::ffff:169.254.169.254]/latest",
    "metadata of IPv6": "https://[fd00:ec2::254]/latest",
    "metadata elsewhere": "https://100.100.100.200/latest",
    "private": "https://10.0.0.1/callback",
    "shared": "https://100.64.0.1/callback",
    "link-local with a zone": "https://[fe80::1%25eth0]/callback",
    "site": "https://192.168.1.1/callback",
    "multicast": "https://224.0.0.1/callback",
    "broadcast": "https://255.255.255.255/callback",
    "example network": "https://192.0.2.1/callback",
    "IPv6 without brackets": "https://2001:db8::1/callback",
    "open bracket": "https://[::1/callback",
    "bracketed name": "https://[spmis.example.org]/callback",
    # Ports and paths.
    "port nought": "https://spmis.example.org:0/callback",
    "port too high": "https://spmis.example.org:65536/callback",
    "port in words": "https://spmis.example.org:https/callback",
    "negative port": "https://spmis.example.org:-1/callback",
    "path up": "https://spmis.example.org/callback/../admin",
    "path up, escaped": "https://spmis.example.org/callback/%2e%2e/admin",
    "path up, half escaped": "https://spmis.example.org/callback/.%2E/admin",
    "path up with a semicolon": "https://spmis.example.org/callback/..;/admin",
    "path up, escaped twice": "https://spmis.example.org/callback/%252e%252e/admin",
    "path stays": "https://spmis.example.org/callback/./x",
    "hidden slash": "https://spmis.example.org/callback%2Fadmin",
    "hidden backslash": "https://spmis.example.org/callback%5Cadmin",
    "two slashes": "https://spmis.example.org/callback//admin",
    "escaped line feed": "https://spmis.example.org/callback%0d%0aX: 1",
    "escaped NUL": "https://spmis.example.org/callback%00",
    "half an escape": "https://spmis.example.org/callback%2",
    "angle brackets": "https://spmis.example.org/<script>",
    "quotation mark": 'https://spmis.example.org/"',
}

GOOD = (
    "https://spmis.example.org",
    "https://spmis.example.org/",
    "https://spmis.example.org/callback/on-search",
    "https://spmis.example.org:8443/callback",
    "HTTPS://SPMIS.Example.ORG/callback",
    "https://xn--mgba3a4f16a.example/callback",
    "https://spmis.example.org/callback?tenant=7&x=%2F",
    "https://spmis.example.org/a%20b/c~d_e-f.g",
    "https://93.184.216.34/callback",
    "https://[2606:2800:220:1::1]:8443/callback",
    "https://spmis/callback",
)


def refused(url: str, rules: AddressRules) -> bool:
    try:
        check_registered(url, rules)
    except NotUnderstood:
        return True
    return False


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_address_is_not_registered(url: str) -> None:
    assert refused(url, PUBLIC)


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_address_lies_within_nothing(url: str) -> None:
    registered = ["https://spmis.example.org/callback", "https://evil.example:8443/x"]
    assert not within(url, registered)


@pytest.mark.parametrize("url", [url for url in HOSTILE.values() if len(url) > 12])
def test_a_refusal_never_repeats_the_address(url: str) -> None:
    with pytest.raises(NotUnderstood) as refusal:
        check_registered(url, PUBLIC)
    assert url not in refusal.value.message


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE.values())) == len(HOSTILE) >= 60


@pytest.mark.parametrize("url", GOOD)
def test_a_good_address_is_registered(url: str) -> None:
    assert not refused(url, PUBLIC)


def test_plain_http_goes_to_this_machine_in_development_only() -> None:
    assert not refused("http://127.0.0.1:9001/callback", LOCAL)
    assert refused("http://127.0.0.1:9001/callback", PUBLIC)
    for url in ("http://localhost:9001/", "http://127.0.0.2/", "http://[::1]/", "http://10.20.0.1"):
        assert refused(url, LOCAL)


def test_a_network_inside_is_opened_by_name() -> None:
    assert not refused("https://10.20.3.4/callback", INSIDE)
    assert refused("https://10.21.3.4/callback", INSIDE)


@pytest.mark.parametrize(
    ("url", "registered"),
    [
        ("https://a.example/callback", "https://a.example/callback"),
        ("https://a.example/callback/on-search", "https://a.example/callback"),
        ("https://a.example/callback/on-search", "https://a.example/callback/"),
        ("https://a.example/callback/on-search", "https://a.example"),
        ("https://a.example/x?y=1", "https://a.example/x"),
        ("https://A.EXAMPLE:443/callback", "https://a.example/callback"),
        ("https://a.example/callback", "https://a.example:443/callback"),
        ("https://[2606:2800:220:1:0::1]/c", "https://[2606:2800:220:1::1]/c"),
    ],
)
def test_an_address_beneath_a_registered_one_is_within(url: str, registered: str) -> None:
    assert within(url, [registered])


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/callbacks",
        "https://a.example/call",
        "https://a.example/Callback",
        "https://a.example/",
        "https://a.example:444/callback",
        "http://a.example/callback",
        "http://a.example:443/callback",
        "https://b.a.example/callback",
        "https://a.example.evil/callback",
        "https://a.example/callback%2f..",
        "https://a.example/x/../callback",
        "https://a.example./callback",
    ],
)
def test_an_address_beside_a_registered_one_is_not_within(url: str) -> None:
    assert not within(url, ["https://a.example/callback", "not an address"])


FORBIDDEN = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.255 168.63.129.16
    169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
    192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.175.48.1 198.18.0.1 198.19.255.255
    198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1
    100::1 2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::
    2002:808:808:: 2620:4f:8000::1 3fff::1 5f00::1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fec0::1
    fe80::1%eth0 2606:2800:220:1::1%eth0 ff02::1 ff0e::1
    localhost 127.1 0x7f000001 2130706433 8.8.8.8.8 1.2.3 not-an-address
"""
ALLOWED = "8.8.8.8 93.184.216.34 1.1.1.1 223.255.255.255 2606:2800:220:1::1 2a00:1450::8a"


@pytest.mark.parametrize("ip", FORBIDDEN.split())
def test_no_connection_is_made_inside(ip: str) -> None:
    assert not may_connect(ip, PUBLIC)
    assert not may_connect(ip, INSIDE)
    assert not may_connect(ip, LOCAL)
    assert not may_connect(ip, PUBLIC, plain=True)


@pytest.mark.parametrize("ip", ALLOWED.split())
def test_a_connection_to_a_public_address_is_made(ip: str) -> None:
    assert may_connect(ip, PUBLIC)
    assert not may_connect(ip, LOCAL, plain=True)


def test_an_inside_network_never_opens_this_machine_or_the_metadata() -> None:
    everything = AddressRules(inside=(ip_network("0.0.0.0/0"), ip_network("::/0")))
    for ip in (
        "127.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "fe80::1",
    ):
        assert not may_connect(ip, everything)
    assert may_connect("10.0.0.1", everything)


def test_inside_and_local_open_what_they_say_and_no_more() -> None:
    assert may_connect("10.20.1.1", INSIDE)
    assert may_connect("fd12:3456::1", INSIDE)
    assert not may_connect("10.21.1.1", INSIDE)
    assert may_connect("127.0.0.1", LOCAL, plain=True)
    assert not may_connect("127.0.0.2", LOCAL, plain=True)


def test_the_setting_names_private_networks_only() -> None:
    assert address_rules(" 10.20.0.0/16, fd12:3456::/32,", local=False) == INSIDE
    assert address_rules("", local=True) == LOCAL
    for text in ("10.20.0.1/16", "everything", "0.0.0.0/0", "127.0.0.0/8", "8.8.8.0/24", "::/0"):
        with pytest.raises(NotUnderstood):
            address_rules(text, local=False)


@given(st.text(max_size=60))
def test_whatever_is_written_behind_a_registered_host_reaches_no_other(text: str) -> None:
    url = f"https://a.example{text}"
    if within(url, ["https://a.example"]):
        address = read_address(url)
        assert address.origin == ("https", "a.example", 443)
        assert url.isascii()


@given(st.ip_addresses())
def test_what_is_public_is_never_private_by_another_opinion(ip: object) -> None:
    """The standard library lets more through than we do, and never less."""
    if may_connect(str(ip), PUBLIC):
        assert not any(
            getattr(ip, name)
            for name in (
                "is_private",
                "is_loopback",
                "is_multicast",
                "is_link_local",
                "is_reserved",
            )
        )
