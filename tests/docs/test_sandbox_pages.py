"""The sandbox does what its tutorial and its guide say, in the order a reader meets it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ibr.sandbox.keys_and_token import judged_keys
from ibr.sandbox.known import PARTNERS, registry_jwks
from ibr.sandbox.message_cases import HTTP, MESSAGES, TOLERATED
from ibr.sandbox.signature_cases import SIGNATURES
from tests.conftest import scratch_folder
from tests.docs.conftest import DOCS, Reader
from tests.docs.tutorial import commands_of

TUTORIAL = DOCS / "tutorials" / "try-the-sandbox.md"
GUIDE = DOCS / "howto" / "check-your-endpoint.md"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Reader]:
    """Somebody in whose folder a sandbox runs, as the tutorial starts it."""
    folder = scratch_folder()
    port = free_port()
    bare = {name: value for name, value in os.environ.items() if not name.startswith("IBR_")}
    environment = bare | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
    }
    printed = folder / "printed"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            ["ibr", "sandbox", "serve", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=out,
            stderr=out,
        )
    try:
        _wait_for(printed, process)
        yield Reader(folder, environment, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(90)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(printed: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        if "stop with Ctrl-C" in printed.read_text():
            return
        time.sleep(0.2)
    raise AssertionError(f"the sandbox did not start:\n{printed.read_text()[-3000:]}")


def test_it_prints_what_a_reader_needs(sandbox: Reader) -> None:
    printed = (sandbox.folder / "printed").read_text()
    for partner in PARTNERS:
        assert partner.client_secret in printed
        assert partner.developer in printed
    assert "UIN 3951173271 in OAP" in printed


def test_the_question_is_answered(sandbox: Reader) -> None:
    assert sandbox.run(commands_of(TUTORIAL)["ask"]) == "True\n"


def test_the_mistake_is_refused_and_the_mend_is_answered(sandbox: Reader) -> None:
    assert "err.signature.invalid" in sandbox.run(commands_of(TUTORIAL)["mistake"])
    program = sandbox.folder / "mistake.py"
    mended = program.read_text().replace(
        "json.dumps(content, sep", "json.dumps(content, sort_keys=True, sep"
    )
    program.write_text(mended.replace('["error"]', '["enrolled_response"]'))
    assert "'enrolled_status': 'yes'" in sandbox.run("python mistake.py")


def test_the_page_says_why(sandbox: Reader) -> None:
    sandbox.run(commands_of(TUTORIAL)["mistake"])
    with httpx.Client(base_url=sandbox.address, trust_env=False, follow_redirects=True) as client:
        form = client.get("/sign-in", headers={"accept": "text/html"}).text
        found = re.search(r'name="form_token" value="([^"]+)"', form)
        assert found
        fields = {
            "email": PARTNERS[0].developer,
            "password": "try-the-sandbox-2026",
            "form_token": found[1],
        }
        client.post("/sign-in", data=fields)
        deadline = time.monotonic() + 20
        page = ""
        while "Signed without sorting the members" not in page and time.monotonic() < deadline:
            page = client.get("/developers/messages").text
            time.sleep(0.3)
    assert "Signed without sorting the members" in page


def test_the_guides_receiver_passes_the_guides_check(sandbox: Reader) -> None:
    port = str(free_port())
    commands = {name: each.replace("9001", port) for name, each in commands_of(GUIDE).items()}
    sandbox.run(commands["receiver"])
    receiver = subprocess.Popen(
        ["python", "receiver.py"],
        cwd=sandbox.folder,
        env=sandbox.environment,
        stdout=subprocess.PIPE,
    )
    try:
        assert receiver.stdout is not None
        assert receiver.stdout.readline()
        printed = sandbox.run(commands["check"])
    finally:
        receiver.terminate()
        receiver.wait(20)
        receiver.stdout.close()
    assert " 0 must be mended" in printed


def test_the_guide_lists_everything_that_is_checked() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for case in (*SIGNATURES, *MESSAGES, *HTTP, *TOLERATED):
        assert f"| {case.id} | {case.title} |" in text
    assert [each.id for each in judged_keys(registry_jwks(), "")][-1] == "KEY-06"
