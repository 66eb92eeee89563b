"""Calls out: to checked addresses only, and no answer can be too slow, too large or too clever."""

from __future__ import annotations

import asyncio
import datetime as dates
import os
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ibr.calls import caller as caller_file
from ibr.calls import network
from ibr.calls.caller import Caller
from ibr.calls.model import CallFailed
from ibr.calls.network import CONNECT_SECONDS, GuardedNetwork, SystemResolver, connect_by_tcp
from ibr.calls.rules import AddressRules
from tests.receivers import (
    ACK,
    EVIL,
    REDIRECT,
    Receiver,
    all_running,
    answering,
    http,
)

LOCAL = AddressRules(local=True)
PUBLIC = AddressRules()
NAME = "spmis.example.org"
HERE = "93.184.216.34"
MESSAGE = b'{"signature":"x","header":{"message_id":"m"},"message":{}}'
JSON = {"content-type": "application/json"}


class Names:
    """A resolver that gives each answer once, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Wires:
    """A connector that notes where it was to connect, and connects to a server here."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.to: list[str] = []

    async def __call__(self, ip: str, port: int, seconds: float) -> httpcore.AsyncNetworkStream:
        self.to.append(ip)
        return await connect_by_tcp("127.0.0.1", self.port, seconds)


async def outcome(caller: Caller, url: str) -> str:
    """The outcome of a call, or its status."""
    try:
        reply = await caller.send("POST", url, JSON, MESSAGE)
    except CallFailed as failed:
        return failed.outcome
    return str(reply.status)


async def test_an_answer_is_read() -> None:
    async with Receiver(answering(http(X_Number="7"))).running() as receiver:
        caller = Caller(LOCAL)
        reply = await caller.send("POST", receiver.url, JSON, MESSAGE)
        await caller.close()
    assert (reply.status, reply.body, reply.headers["x-number"]) == (200, ACK, "7")
    [received] = receiver.received
    assert received.body == MESSAGE
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("name", EVIL)
async def test_an_evil_answer_is_an_outcome_and_in_time(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller_file, "ALL_SECONDS", 1.0)
    behave, _, last = EVIL[name]
    async with Receiver(behave).running() as receiver:
        caller = Caller(LOCAL)
        begun = time.monotonic()
        said = await outcome(caller, receiver.url)
        assert time.monotonic() - begun < 2
        await caller.close()
        await asyncio.sleep(0.05)
        assert receiver.open == 0 or name in ("never answers", "drips")
    wanted = {"http_301": "301", "ack": "503", "not_json": "200"}.get(last, last)
    assert said == wanted


async def test_no_answer_takes_longer_than_ten_seconds() -> None:
    slow = {name: EVIL[name][0] for name in ("never answers", "drips")}
    async with all_running(slow) as receivers:
        caller = Caller(LOCAL)
        begun = time.monotonic()
        said = await asyncio.gather(*(outcome(caller, each.url) for each in receivers.values()))
        took = time.monotonic() - begun
        await caller.close()
    assert said == ["timeout", "timeout"]
    assert 9 < took < 12


async def test_a_redirect_is_an_answer_and_leads_nowhere() -> None:
    async with Receiver(answering(REDIRECT)).running() as receiver:
        caller = Caller(LOCAL)
        assert await outcome(caller, receiver.url) == "301"
        await caller.close()
    assert len(receiver.received) == 1


async def test_a_refusal_need_not_be_read_to_the_end() -> None:
    page = b"x" * 1_000_000
    async with Receiver(answering(http(page, "404 Not Found"))).running() as receiver:
        caller = Caller(LOCAL)
        reply = await caller.send("POST", receiver.url, JSON, MESSAGE)
        await caller.close()
    assert (reply.status, reply.body) == (404, b"")


async def test_nothing_is_unpacked() -> None:
    async with Receiver(EVIL["gzip bomb"][0]).running() as receiver:
        caller = Caller(LOCAL)
        reply = await caller.send("POST", receiver.url, JSON, MESSAGE)
        await caller.close()
    assert reply.body[:2] == b"\x1f\x8b"
    assert len(reply.body) < 65_536


async def test_connections_are_kept_and_bounded() -> None:
    async def slowly(_r: Receiver, _m: object, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        writer.write(http())

    async with Receiver(slowly).running() as receiver:
        caller = Caller(LOCAL, at_once=3)
        said = await asyncio.gather(*(outcome(caller, receiver.url) for _ in range(40)))
        assert set(said) == {"200"}
        assert receiver.connections == receiver.most_open <= 3
        await caller.close()


async def test_a_thousand_bad_calls_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller_file, "ALL_SECONDS", 0.05)
    names = ("never answers", "closes", "resets", "10 MB", "endless chunks", "nonsense")
    behaviours = {name: EVIL[name][0] for name in names}

    async def call_all(times: int) -> None:
        """So many calls to each; everything is closed at the end, on both sides."""
        async with all_running(behaviours) as receivers:
            caller = Caller(LOCAL)
            for _ in range(times // 4):
                await asyncio.gather(
                    *(outcome(caller, each.url) for each in receivers.values() for _ in range(4))
                )
            await caller.close()
        await asyncio.sleep(0.2)

    await call_all(4)
    before = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()), threading.active_count()
    await call_all(168)
    after = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()), threading.active_count()
    assert after == before


# Where a name leads.


async def test_a_name_is_resolved_once_and_the_checked_answer_connected_to(
    certificates: Certificates,
) -> None:
    async with Receiver(answering(http()), certificates.server(NAME)).running() as receiver:
        names, wires = Names([HERE]), Wires(receiver.port)
        caller = Caller(PUBLIC, resolve=names, connect=wires, ca_file=certificates.file)
        for _ in range(3):
            assert await outcome(caller, f"https://{NAME}/callback") == "200"
        await caller.close()
    assert (names.asked, wires.to) == ([NAME], [HERE])
    assert receiver.names == [NAME]
    assert {each.headers["host"] for each in receiver.received} == {NAME}


@pytest.mark.parametrize(
    "answers", [["127.0.0.1"], [HERE, "127.0.0.1"], ["10.0.0.1", HERE], ["::ffff:7f00:1"]]
)
async def test_one_forbidden_answer_is_enough(answers: list[str]) -> None:
    async with Receiver(answering(http())).running() as receiver:
        wires = Wires(receiver.port)
        caller = Caller(PUBLIC, resolve=Names(answers), connect=wires)
        assert await outcome(caller, f"https://{NAME}/callback") == "address"
        await caller.close()
    assert (wires.to, receiver.connections) == ([], 0)


async def test_a_name_that_turns_inside_gets_no_connection(certificates: Certificates) -> None:
    """Public at the first look-up, this machine at every further one."""
    async with Receiver(closing_after_one(), certificates.server(NAME)).running() as receiver:
        wires = Wires(receiver.port)
        caller = Caller(
            PUBLIC,
            resolve=Names([HERE], ["127.0.0.1"]),
            connect=wires,
            ca_file=certificates.file,
        )
        said = [await outcome(caller, f"https://{NAME}/callback") for _ in range(3)]
        await caller.close()
    assert said == ["200", "address", "address"]
    assert wires.to == [HERE]
    assert receiver.connections == 1


async def test_control_looking_up_twice_would_connect_inside(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = GuardedNetwork._checked

    async def checked_and_looked_up_again(
        self: GuardedNetwork, host: str, port: int
    ) -> Sequence[str]:
        await checked(self, host, port)
        return await self._resolve(host, port)

    monkeypatch.setattr(GuardedNetwork, "_checked", checked_and_looked_up_again)
    async with Receiver(answering(http()), certificates.server(NAME)).running() as receiver:
        wires = Wires(receiver.port)
        caller = Caller(
            PUBLIC,
            resolve=Names([HERE], ["127.0.0.1"]),
            connect=wires,
            ca_file=certificates.file,
        )
        await outcome(caller, f"https://{NAME}/callback")
        await caller.close()
    assert wires.to == ["127.0.0.1"]


def closing_after_one():
    async def behave(_r: Receiver, _m: object, writer: asyncio.StreamWriter) -> None:
        writer.write(http(Connection="close"))
        await writer.drain()
        writer.close()
        raise ConnectionError

    return behave


@pytest.mark.parametrize(
    "url",
    [
        "http://spmis.example.org/callback",
        "http://localhost/callback",
        "https://user@spmis.example.org/",
        "https://127.0.0.1/callback",
        "https://[::1]/callback",
        "ftp://spmis.example.org/",
    ],
)
async def test_an_address_that_is_none_gets_no_look_up_and_no_connection(url: str) -> None:
    names, wires = Names([HERE]), Wires(1)
    caller = Caller(PUBLIC, resolve=names, connect=wires)
    assert await outcome(caller, url) == "address"
    await caller.close()
    assert wires.to == []


async def test_a_name_without_answer_is_no_hold_up() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError

    async def slow(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(3600)
        return []

    for resolve in (unknown, Names([])):
        caller = Caller(PUBLIC, resolve=resolve, connect=Wires(1))
        assert await outcome(caller, f"https://{NAME}/") == "dns"
        await caller.close()
    caller = Caller(PUBLIC, resolve=slow, connect=Wires(1))
    begun = time.monotonic()
    assert await outcome(caller, f"https://{NAME}/") == "dns"
    assert time.monotonic() - begun < CONNECT_SECONDS + 1
    await caller.close()


async def test_one_look_up_serves_all_who_wait_for_the_same_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        time.sleep(0.05)
        return [HERE]

    monkeypatch.setattr("ibr.calls.network._look_up", look_up)
    resolver = SystemResolver()
    answers = await asyncio.gather(*(resolver(NAME, 443) for _ in range(20)))
    assert answers == [[HERE]] * 20
    assert asked == [NAME]
    await resolver("other.example", 443)
    assert asked == [NAME, "other.example"]


async def test_the_next_address_is_tried_when_one_is_dead(certificates: Certificates) -> None:
    other = "93.184.216.35"
    async with Receiver(answering(http()), certificates.server(NAME)).running() as receiver:
        wires = Wires(receiver.port)

        async def half_dead(ip: str, port: int, seconds: float) -> httpcore.AsyncNetworkStream:
            stream = await wires(ip, port, seconds)
            if ip == HERE:
                await stream.aclose()
                raise httpcore.ConnectError
            return stream

        caller = Caller(
            PUBLIC, resolve=Names([HERE, other]), connect=half_dead, ca_file=certificates.file
        )
        assert await outcome(caller, f"https://{NAME}/") == "200"
        await caller.close()
    assert wires.to == [HERE, other]


# Who the other side is.


class Certificates:
    """A certificate authority of the test's own, and servers that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        whole = self._made(self._name, self._key.public_key(), self._name, authority=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(whole)

    def _made(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        issuer: x509.Name,
        *,
        authority: bool = False,
        host: str = "",
        expired: bool = False,
    ) -> bytes:
        today = dates.datetime.now(dates.UTC)
        days = dates.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - 9 * days)
            .not_valid_after(today - days if expired else today + days)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if host:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    def server(self, host: str, *, expired: bool = False) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        file = self._folder / f"{host}-{expired}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._made(name, key.public_key(), self._name, host=host, expired=expired)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("wrong", ["another name", "expired", "unknown authority", "no TLS at all"])
async def test_a_server_that_cannot_prove_its_name_gets_nothing(
    wrong: str, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "TLS_SECONDS", 1.0)
    secure = {
        "another name": certificates.server("evil.example"),
        "expired": certificates.server(NAME, expired=True),
        "unknown authority": certificates.server(NAME),
        "no TLS at all": None,
    }[wrong]
    trusted = None if wrong == "unknown authority" else certificates.file
    async with Receiver(answering(http()), secure).running() as receiver:
        caller = Caller(
            PUBLIC, resolve=Names([HERE]), connect=Wires(receiver.port), ca_file=trusted
        )
        assert await outcome(caller, f"https://{NAME}/callback") == "tls"
        await caller.close()
    assert receiver.received == []


async def test_a_failure_tells_nothing_of_what_was_received() -> None:
    async with Receiver(answering(http(b"ZZCANARY" * 10_000))).running() as receiver:
        caller = Caller(LOCAL)
        with pytest.raises(CallFailed) as failed:
            await caller.send("POST", receiver.url, JSON, MESSAGE)
        await caller.close()
    assert "ZZCANARY" not in repr(failed.value) + str(failed.value.__cause__)
