"""What the registry is made of: locked by digests, listed, without secrets, held to safe Python."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs_tools.sbom import TO_RUN, WHOLE, bill, pins
from tests.security.secrets_found import ROOT, scanned, secrets_in, tracked

LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Files that hold what looks like a secret on purpose, each with the reason.
ON_PURPOSE = {
    "docs/standard/encryption_test_vector.json": "a published vector needs its private key",
    "tests/unit/client/test_set_up.py": "a key file that is none, to be refused",
    "tests/unit/operation/test_production.py": "addresses with passwords that must not be repeated",
    "tests/unit/test_encryption.py": "a private key that is none, to be refused",
}
PLANTED = {
    "private key": "-----BEGIN " + "PRIVATE KEY-----",
    "private JWK": '{"kty":"OKP","d":"' + "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" + '"}',
    "AWS key": "key = AKIA" + "QWERTYUIOPASDFGH",
    "GitHub token": "ghp_" + "a1B2" * 9,
    "GitLab token": "glpat-" + "a1B2c3D4" * 3,
    "Slack token": "xoxb-" + "123456789012-abcdef",
    "Google key": "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw",
    "PyPI token": "pypi-" + "AgEIcHlwaS5vcmcC" * 5,
    "JWT": "eyJ"
    + "hbGciOiJFZERTQSJ9."
    + "eyJ"
    + "zdWIiOiJzb21lYm9keSJ9."
    + "c2lnbmF0dXJlc2lnbmF0dXJl",
    "password in an address": "postgresql://ibr:" + "hunter2hunter2@db/ibr",
    "random value of a secret's name": 'client_secret = "' + "kq8TzV0mWc3LpX7aRb2Nn5" + '"',
}


def test_every_locked_package_has_version_and_digests() -> None:
    assert {WHOLE, TO_RUN} <= set(LOCKS)
    for name in LOCKS:
        locked = pins((ROOT / name).read_text(encoding="utf-8"))
        assert locked, name
        assert [each for each, (_, digests) in locked.items() if not digests] == [], name
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        for line in lines:
            assert not re.match(r"\s*(--(extra-)?index-url|--find-links|-e |[a-z]+ @ )", line), line
            assert "git+" not in line


def test_what_runs_is_part_of_what_is_locked_whole() -> None:
    whole = pins((ROOT / WHOLE).read_text(encoding="utf-8"))
    to_run = pins((ROOT / TO_RUN).read_text(encoding="utf-8"))
    assert {name: pin for name, pin in to_run.items() if whole.get(name) != pin} == {}
    for tool in ("pytest", "playwright", "hypothesis", "ruff", "mypy"):
        assert tool in whole
        assert tool not in to_run


def test_installing_demands_the_digests() -> None:
    assert "pip sync --quiet --python .venv --compile-bytecode --require-hashes" in MAKEFILE
    deploy = (ROOT / "docs/howto/deploy.md").read_text(encoding="utf-8")
    image = (ROOT / "deploy/container/Containerfile").read_text(encoding="utf-8")
    for text in (deploy, image):
        assert "--require-hashes" in text
        assert TO_RUN in text


def test_the_bill_lists_every_component_with_version_and_digest() -> None:
    made = bill()
    locked = pins((ROOT / WHOLE).read_text(encoding="utf-8"))
    listed = {each["name"]: each for each in made["components"]}
    assert listed.keys() == locked.keys()
    for name, (version, digests) in locked.items():
        each = listed[name]
        assert each["version"] == version
        assert each["purl"] == f"pkg:pypi/{name}@{version}"
        assert [found["content"] for found in each["hashes"]] == digests
    needed = {each["name"] for each in made["components"] if each["scope"] == "required"}
    assert needed == pins((ROOT / TO_RUN).read_text(encoding="utf-8")).keys()
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    references = {each["bom-ref"] for each in made["components"]}
    assert set(made["dependencies"][0]["dependsOn"]) <= references
    assert len(references) == len(listed)


def test_most_components_say_their_licence() -> None:
    needed = [each for each in bill()["components"] if each["scope"] == "required"]
    silent = [each["name"] for each in needed if "licenses" not in each]
    # What another operating system needs is not installed here, so nobody can ask it.
    assert len(silent) < len(needed) / 5, silent


def test_the_bill_is_the_same_when_it_is_made_again() -> None:
    assert json.dumps(bill()) == json.dumps(bill())


def test_no_file_of_the_repository_holds_a_secret() -> None:
    found = scanned(tracked())
    unforeseen = {name: what for name, what in found.items() if name not in ON_PURPOSE}
    assert unforeseen == {}
    assert set(ON_PURPOSE) == set(found), "an exception that is not needed any more"


@pytest.mark.parametrize("kind", PLANTED)
def test_control_a_seeded_secret_is_found(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text(f"# first\n{PLANTED[kind]}\n", encoding="utf-8")
    assert (2, kind) in scanned([path])[str(path)]


@pytest.mark.parametrize(
    "text",
    [
        'password = "we met under the jacaranda"',
        'token_url = "/oauth2/client/token"',
        'SECRET_FIELD = "oidc_client_secret_file"',
        "postgresql://ibr@localhost/ibr",
        "digest = 5a811826e1a5a06c25ebc3e6c4a704613eb9a1bcf6b78428fbe865f4f6c9a4b8",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert list(secrets_in(text)) == []


UNSAFE = """
import hashlib, pickle, random, subprocess, tempfile
from xml.etree import ElementTree
def read(given):
    subprocess.run("ls " + given, shell=True)
    token = random.random()
    pickle.loads(given)
    hashlib.md5(given)
    ElementTree.fromstring(given)
    return eval(given)
"""


def test_the_security_rules_of_ruff_are_on(tmp_path: Path) -> None:
    """The rules of bandit, as the project has set them, find what must never be written."""
    assert "S" in PROJECT["tool"]["ruff"]["lint"]["select"]
    file = tmp_path / "unsafe.py"
    file.write_text(UNSAFE, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json"]
    done = subprocess.run(
        [*command, "--config", str(ROOT / "pyproject.toml"), str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {each["code"] for each in json.loads(done.stdout)}
    assert {"S602", "S311", "S301", "S324", "S314", "S307"} <= found


def test_each_exception_from_the_security_rules_says_why() -> None:
    """In the source with a word behind it, and for whole files in pyproject.toml."""
    without = []
    for path in (ROOT / "src").rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"noqa: [A-Z0-9, ]*\bS\d", line) and not re.search(
                r"noqa: [A-Z0-9, ]+?\s+(--?|#) \w", line
            ):
                without.append(f"{path.relative_to(ROOT)}:{number}")
    assert without == []
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.findall(r'^"src/[^\n]*\[[^\]]*"S\d+[^\n]*$', text, re.M)
    assert len(lines) >= 5
    assert [line for line in lines if "#" not in line] == []


def test_an_audit_that_could_not_be_made_is_no_clean_one() -> None:
    """`make audit` fails where nobody answered; it has no way to pass without an answer."""
    target = MAKEFILE[MAKEFILE.index("\naudit:") :].split("\n\n")[0]
    assert "exit 1" in target
    assert "exit 0" not in target
    assert "|| true" not in target
