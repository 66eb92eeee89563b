"""Two processes behind a proxy, restarted in turn under load: nobody notices (reliability G4)."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.faults.senders import Town, new_town, stored
from tests.registry_process import ENROLLED, RegistryProcess, free_port
from tests.small_proxy import SmallProxy

# Longer than the proxy needs to notice.
DRAIN_SECONDS = 2


class Pair:
    """Two processes over one database, and the proxy before them."""

    def __init__(self, registry: RegistryProcess) -> None:
        self.registry = registry
        self.ports = [free_port(), free_port()]
        self.processes = {port: self._start(port) for port in self.ports}
        self.proxy = SmallProxy(self.ports)
        self.proxy.start()
        registry.url = self.proxy.url

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        return self.registry.launch("--role", "api", "--port", str(port))

    def restart(self, port: int) -> float:
        """Ends one process as systemd would and starts it again; the seconds its end took."""
        process = self.processes[port]
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
        seconds = time.monotonic() - begun
        assert code == 0, self.registry.log()
        self.processes[port] = self._start(port)
        self.proxy.wait_for(set(self.ports))
        return seconds

    def close(self) -> None:
        self.proxy.stop()
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


class Load:
    """Programmes that report and ask, one after the other, and notice every failure."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.failures: list[str] = []
        self.answered = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        for partner in self.town.partners:
            partner.token()
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._work, args=(number, stop))
            for number in range(len(self.town.partners))
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)

    def _work(self, number: int, stop: threading.Event) -> None:
        partner = self.town.partners[number]
        with httpx.Client(timeout=30) as client:
            while not stop.is_set():
                sent = self.town.message(5, number)
                try:
                    answers = [sent.post(client)]
                    question = partner.question("U000000001", f"P{number}")
                    answers.append(partner.post(client, ENROLLED, question))
                except httpx.TransportError as lost:
                    self.failures.append(type(lost).__name__)
                    continue
                self.failures += [str(a.status_code) for a in answers if a.status_code != 200]
                self.answered += len(answers)
                stop.wait(0.02)


@pytest.fixture
def registry() -> Iterator[RegistryProcess]:
    running = RegistryProcess()
    try:
        yield running
    finally:
        running.stop()


def restarted(registry: RegistryProcess, times: int) -> tuple[Load, list[float], SmallProxy]:
    town = new_town(registry, 2)
    pair = Pair(registry)
    load = Load(town)
    try:
        with load.running():
            time.sleep(0.5)
            seconds = [pair.restart(pair.ports[number % 2]) for number in range(times)]
        for sent in town.sent:
            if not sent.acknowledged:
                sent.post_until_acknowledged(20)
        # Every record once: its enrolment, and its benefits. Questions are kept with their answers
        # too, so the totals of deliveries alone do not hold here.
        once = Counter(number for sent in town.sent for number in sent.numbers)
        assert stored(registry) == (once, once)
    finally:
        pair.close()
    return load, seconds, pair.proxy


def test_no_request_fails_and_nothing_is_done_twice(
    registry: RegistryProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBR_DRAIN_SECONDS", str(DRAIN_SECONDS))
    load, seconds, proxy = restarted(registry, 2)
    assert (load.failures, proxy.failed) == ([], [])
    assert load.answered > 50
    assert all(DRAIN_SECONDS <= each <= 25 for each in seconds)
    print(f"{load.answered} answers over 2 restarts; each end took {max(seconds):.1f} s at most")


def test_control_without_draining_requests_fail(
    registry: RegistryProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBR_DRAIN_SECONDS", "0")
    load, _, proxy = restarted(registry, 2)
    assert load.failures
    assert proxy.failed
