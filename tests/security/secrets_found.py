"""Secrets in files: known shapes, and values of words like password that are too random to be text.

A finding names file, line and kind and never the value.
"""

from __future__ import annotations

import math
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
LARGEST = 2_000_000
SHAPES = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "private JWK": re.compile(r'"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'),
    "AWS key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b"),
    "GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "PyPI token": re.compile(r"\bpypi-[A-Za-z0-9_-]{60,}"),
    "JWT": re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"),
    "password in an address": re.compile(
        r"[a-z]://[^\s:/@'\"{}<>$]{1,60}:([^\s:/@'\"{}<>$]{8,60})@"
    ),
}
NAMED = re.compile(
    r"""(?ix)(?:pass(?:word|wd)?|secret|token|api_?key|credential|private_?key)\w*
    \s*[:=]\s*["']([^"'\s]{16,})["']"""
)
# Bits a character; a sentence has fewer, and so has a word said twice.
RANDOM = 3.7


def entropy(text: str) -> float:
    """Bits for each character, by how often each of them stands in it."""
    counted = Counter(text).values()
    return -sum(many / len(text) * math.log2(many / len(text)) for many in counted)


def looks_random(value: str) -> bool:
    """Whether this is no word, no path and no name of anything."""
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    plain = re.fullmatch(r"[A-Za-z0-9+/=_-]+", value) is not None
    return plain and kinds >= 3 and entropy(value) >= RANDOM


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Line and kind of whatever looks like a secret."""
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, shape in SHAPES.items():
            if shape.search(line):
                yield number, kind
        if any(looks_random(found) for found in NAMED.findall(line)):
            yield number, "random value of a secret's name"


def tracked() -> list[Path]:
    """Every file that is kept under version control; without git, every one that would be."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name]
    hidden = (".", "var", "site", "node_modules", "__pycache__")
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part.startswith(hidden) for part in path.relative_to(ROOT).parts)
    ]


def scanned(paths: Iterable[Path]) -> dict[str, list[tuple[int, str]]]:
    """What was found, by file."""
    found = {}
    for path in paths:
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if here := list(secrets_in(text)):
            found[str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)] = here
    return found
