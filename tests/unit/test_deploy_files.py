"""The files under deploy/ are what they say: read by their own programs where those are here."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ibr.cli.main import NOUNS
from ibr.operation.production import unsafe
from ibr.settings import Settings, read_settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.*"))
SERVICES = [each for each in UNITS if each.suffix == ".service"]


def parsed(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names are case-sensitive
    unit.read_string(path.read_text())
    return unit


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_each_unit(path: Path, tmp_path: Path) -> None:
    assert parsed(path).sections()
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    for each in UNITS:
        # The registry is not installed here; that its program is missing is no fault of the unit.
        text = re.sub(r"/opt/ibr/\.venv/bin/ibr", "/bin/true", each.read_text())
        (tmp_path / each.name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / path.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if path.name in line]
    assert ours == []


def test_control_systemd_finds_a_fault(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    path = tmp_path / "wrong.service"
    path.write_text("[Service]\nExecStart=/bin/true\nProtectSistem=yes\n")
    done = subprocess.run(
        [program, "verify", "--man=no", str(path)], capture_output=True, text=True, check=False
    )
    assert "ProtectSistem" in done.stderr


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_has_few_rights_and_ends_well(path: Path) -> None:
    service = parsed(path)["Service"]
    assert service["User"] == "ibr"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["LimitCORE"] == "0"
    noun, *rest = service["ExecStart"].removeprefix("/opt/ibr/.venv/bin/ibr ").split()
    assert noun in NOUNS
    if noun == "serve":
        # The registry needs up to 25 seconds; systemd kills it only after that.
        assert int(service["TimeoutStopSec"]) > 25
        assert rest[:2] in (["--role", "api"], ["--role", "worker"])


def test_every_timer_has_its_service() -> None:
    timers = [each for each in UNITS if each.suffix == ".timer"]
    assert len(timers) == 2
    assert all(each.with_suffix(".service").exists() for each in timers)


def environment() -> dict[str, str]:
    lines = (DEPLOY / "ibr.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_example_settings_are_read_and_safe() -> None:
    given = environment()
    settings = read_settings(given)
    assert settings.production
    # The example's own id is another one than the built-in example's.
    assert unsafe(settings, given) == []
    assert settings.drain_seconds >= 2


class Block:
    """One block of nginx's configuration: its directives, and the blocks in it."""

    def __init__(self, text: str) -> None:
        self.directives: list[list[str]] = []
        self.blocks: list[tuple[list[str], Block]] = []
        words = re.findall(r"#[^\n]*|\"[^\"]*\"|'[^']*'|[{};]|(?:[^\s{};\"']|\{\w)+", text)
        self._read([word for word in words if not word.startswith("#")])

    def _read(self, words: list[str]) -> None:
        said: list[str] = []
        while words:
            word = words.pop(0)
            if word == ";":
                self.directives.append(said)
                said = []
            elif word == "{":
                inner = Block("")
                inner._read(words)
                self.blocks.append((said, inner))
                said = []
            elif word == "}":
                assert not said, f"no semicolon after {said}"
                return
            else:
                said.append(word)
        assert not said, f"no semicolon after {said}"

    def one(self, name: str) -> list[str]:
        return next(each[1:] for each in self.directives if each[0] == name)

    def within(self, *name: str) -> Block:
        return next(block for said, block in self.blocks if said == list(name))


@pytest.fixture(scope="module")
def nginx() -> Block:
    return Block((DEPLOY / "nginx" / "ibr.conf").read_text())


def tls_server(nginx: Block) -> Block:
    return [block for said, block in nginx.blocks if said == ["server"]][1]


def test_the_proxy_cuts_slow_clients_and_large_bodies(nginx: Block) -> None:
    server = tls_server(nginx)
    assert server.one("client_header_timeout") == ["10s"]
    assert server.one("client_body_timeout") == ["10s"]
    assert server.one("client_max_body_size") == ["1m"]
    assert Settings().max_message_bytes == 1024**2
    [deliveries] = [
        block for said, block in server.blocks if said[-1].endswith("enrollment/updates$")
    ]
    assert deliveries.one("client_max_body_size") == ["2g"]
    assert Settings().max_delivery_bytes == 2 * 1024**3
    assert deliveries.one("proxy_request_buffering") == ["off"]


def test_the_proxy_says_itself_who_the_client_is(nginx: Block) -> None:
    headers = [each[1:] for each in tls_server(nginx).directives if each[0] == "proxy_set_header"]
    assert ["X-Forwarded-For", "$remote_addr"] in headers
    # A block with headers of its own would lose these.
    inner = [block for _, block in tls_server(nginx).blocks]
    assert not [each for block in inner for each in block.directives if "set_header" in each[0]]


def test_the_proxy_logs_no_query(nginx: Block) -> None:
    [log_format] = [each for each in nginx.directives if each[0] == "log_format"]
    assert not re.search(r"\$(request|args|query_string|request_uri|http_\w+)\b", str(log_format))


def test_health_and_metrics_are_not_for_everybody(nginx: Block) -> None:
    block = tls_server(nginx).within("location", "~", "^/(metrics|health/)")
    assert ["deny", "all"] in block.directives


def test_nginx_reads_it_where_nginx_is_here(tmp_path: Path) -> None:
    program = shutil.which("nginx")
    if program is None:
        return
    text = (DEPLOY / "nginx" / "ibr.conf").read_text()
    # Certificates and logs of this machine do not matter to whether it can be read.
    text = re.sub(r"\s+(ssl_certificate\S*|access_log|error_log)\s[^;]+;", "", text)
    text = text.replace(" ssl http2", "")
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {text} }}")
    done = subprocess.run([program, "-t", "-c", str(whole)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_control_a_forgotten_semicolon_is_found() -> None:
    with pytest.raises(AssertionError, match="no semicolon"):
        Block("server { listen 80 }")


def test_the_image_runs_as_nobody_and_holds_no_secret() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line and line[0] != "#"]
    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL"}
    known |= {"HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {line[0] for line in lines} <= known
    users = [line[1] for line in lines if line[0] == "USER"]
    assert users == ["ibr"]
    assert "--require-hashes" in text
    fields = Settings.__struct_fields__
    named = re.findall(r"\bIBR_([A-Z_]+)=", text)
    assert named
    assert all(name.lower() in fields for name in named)
    assert not re.search(r"PASSWORD|SECRET|TOKEN|KEY=", text)
