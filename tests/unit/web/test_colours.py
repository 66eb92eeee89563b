"""Text is readable on its ground, in light and in dark (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re

import pytest

from ibr.web.drawn import FOLDER

PAIRS = [
    ("ink", "ground"), ("ink", "surface"), ("soft", "ground"), ("soft", "surface"),
    ("accent", "surface"), ("accent", "ground"), ("accent-ink", "accent"),
    ("accent-ink", "accent-deep"), ("head-ink", "head"), ("head-soft", "head"),
    ("good", "good-ground"), ("warn", "warn-ground"), ("bad", "bad-ground"), ("bad", "surface"),
    ("ink", "raised"), ("ink", "bad-ground"), ("focus-ink", "focus"), ("on-light", "shade-1"),
    ("on-light", "shade-2"), ("on-light", "shade-3"), ("on-deep", "shade-5"),
]  # fmt: skip


def palettes() -> dict[str, dict[str, str]]:
    css = (FOLDER / "static/style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]
    found = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", each)) for each in (light, dark)]
    return {"light": found[0], "dark": found[1]}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_is_readable(scheme: str, ink: str, ground: str) -> None:
    colours = palettes()[scheme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_deep_shade_carries_its_large_label(scheme: str) -> None:
    colours = palettes()[scheme]
    assert contrast(colours["on-deep"], colours["shade-4"]) >= 3


def test_directions_are_logical() -> None:
    css = (FOLDER / "static/style.css").read_text()
    assert not re.search(
        r"(margin|padding|border|inset)-(left|right)|float:|text-align: (left|right)", css
    )
