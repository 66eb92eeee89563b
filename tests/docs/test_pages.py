"""The documentation as a whole: links, addresses, names, the site, the papers."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.docs.conftest import DOCS, ROOT

PAPERS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
_IBR = re.compile(r"^\s*ibr ((?:[a-z-]+ ?)+)", re.MULTILINE)
_FILE = re.compile(r"`((?:src|tests|docs|examples|docs_tools|benchmarks)/[\w./-]+)`")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links_of(path: Path) -> list[str]:
    return _LINK.findall(_FENCE.sub("", path.read_text(encoding="utf-8")))


def anchors_of(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).strip().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    broken = []
    for link in links_of(path):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_file_that_is_named_exists(path: Path) -> None:
    named = _FILE.findall(path.read_text(encoding="utf-8"))
    assert [each for each in named if not (ROOT / each).exists()] == []


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_every_command_that_is_named_exists(path: Path) -> None:
    from docs_tools.commands import every_command

    known = {name.removeprefix("ibr ") for name in every_command()}
    blocks = "\n".join(match[0] for match in _FENCE.finditer(path.read_text(encoding="utf-8")))
    unknown = [
        each
        for each in _IBR.findall(blocks)
        if not any(each.strip() == name or each.startswith(f"{name} ") for name in known)
    ]
    assert unknown == []


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (path.parent / link.partition("#")[0]).resolve()
        for path in PAPERS
        for link in links_of(path)
    }
    assert [
        name_of(path)
        for path in sorted(DOCS.rglob("*.md"))
        if path not in linked and path != DOCS / "index.md"
    ] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"]]
    for group in project["dependency-groups"].values():
        wanted += [each for each in group if isinstance(each, str)]
    names = {re.split(r"[^a-z0-9-]", each.lower())[0] for each in wanted}
    text = (DOCS / "decisions/0002-dependencies.md").read_text(encoding="utf-8")
    reasoned = set(re.findall(r"^\| ([a-z0-9-]+) \|", text, re.MULTILINE)) - {"package"}
    assert reasoned == names


def test_every_folder_has_its_line() -> None:
    folders = {
        path.parent.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src/ibr").rglob("*.py")
        if "__pycache__" not in path.parts
    }
    text = (ROOT / "DEVELOPERS.md").read_text(encoding="utf-8")
    assert sorted(each for each in folders if f"| `{each}/` |" not in text) == []


def test_every_folder_of_tests_has_its_line() -> None:
    folders = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and any(path.rglob("test_*.py"))
    }
    text = (ROOT / "DEVELOPERS.md").read_text(encoding="utf-8")
    assert sorted(each for each in folders if f"| `{each}/` |" not in text) == []


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = "".join(each.read_text(encoding="utf-8") for each in tmp_path.rglob("*.html"))
    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', pages)
    assert [each for each in loaded if not each.startswith("https://example.org/")] == []


def test_the_public_code_description_has_what_its_specification_asks_for() -> None:
    described = yaml.safe_load((ROOT / "publiccode.yml").read_text(encoding="utf-8"))
    assert described["publiccodeYmlVersion"] == "0.4"
    assert described["legal"]["license"] == "Apache-2.0"
    assert set(described["description"]) == {"en", "fr"}
    for text in described["description"].values():
        assert len(text["shortDescription"].strip()) <= 150
        assert 150 <= len(text["longDescription"]) <= 10_000
        assert text["features"]


def test_the_fragments_of_the_changelog_are_of_a_known_kind() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = {each["directory"] for each in project["tool"]["towncrier"]["type"]}
    fragments = [path for path in (ROOT / "changes").glob("*.md") if path.name != "README.md"]
    assert [path.name for path in fragments if path.suffixes[-2].lstrip(".") not in kinds] == []
