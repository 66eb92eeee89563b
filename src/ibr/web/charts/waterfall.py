"""What a weight is made of, as bars that begin where the one before them ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from ibr.web.charts.svg import Frame, picture
from ibr.web.written import Written

WIDTH = 640
_NAMES, _START, _END, _TOP, _ROW = 8, 182, 586, 30, 36


class Step(msgspec.Struct, frozen=True):
    """One bar: what it is called and what it adds."""

    name: str
    bits: float


class Threshold(msgspec.Struct, frozen=True):
    """A weight from which on something is done."""

    name: str
    weight: float


def waterfall(
    key: str,
    steps: Sequence[Step],
    thresholds: Sequence[Threshold],
    title: str,
    about: str,
    *,
    total: str,
    written: Written,
) -> Markup:
    """Each step from the sum before it to the sum after it, and the whole from nothing."""
    frame = Frame(WIDTH, written.language.mirrored)
    sums = [0.0]
    for step in steps:
        sums.append(sums[-1] + step.bits)
    low = min(0.0, *sums, *(each.weight for each in thresholds))
    high = max(0.0, *sums, *(each.weight for each in thresholds))
    scale = (_END - _START) / max(high - low, 1.0)
    height = _TOP + (len(steps) + 1) * _ROW + 6

    def at(weight: float) -> float:
        return _START + (weight - low) * scale

    drawn = [frame.line(at(0), _TOP - 6, at(0), height, class_="base")]
    drawn += _thresholds(frame, thresholds, [at(each.weight) for each in thresholds], height)
    for number, step in enumerate(steps):
        y = _TOP + number * _ROW
        kind = "for" if step.bits >= 0 else "against"
        drawn += _bar(
            frame, y, (at(sums[number]), at(sums[number + 1])), step.name,
            signed(step.bits, written), f"step {kind}",
        )  # fmt: skip
        joint = at(sums[number + 1])
        drawn.append(frame.line(joint, y + 24, joint, y + _ROW + 6, class_="joint"))
    drawn += _bar(
        frame,
        _TOP + len(steps) * _ROW,
        (at(0), at(sums[-1])),
        total,
        signed(sums[-1], written),
        "step whole",
    )
    return picture(key, WIDTH, height, title, about, *drawn)


def signed(bits: float, written: Written) -> str:
    """A number of bits with its sign, which says what colour says too."""
    rounded = round(bits, 1)
    return ("+" if rounded > 0 else "−" if rounded < 0 else "") + written.decimal(abs(rounded))


def _bar(
    frame: Frame, y: float, ends: tuple[float, float], name: str, said: str, kind: str
) -> list[Markup]:
    start, end = sorted(ends)
    return [
        frame.text(_NAMES, y + 19, name, class_="row-name"),
        frame.box(start, y + 6, max(end - start, 1.5), 18, class_=kind, rx="2", title=said),
        frame.text(end + 6, y + 20, said, class_="bits"),
    ]


def _thresholds(
    frame: Frame, thresholds: Sequence[Threshold], places: Sequence[float], height: int
) -> list[Markup]:
    drawn = []
    for each, x in zip(thresholds, places, strict=True):
        drawn.append(frame.line(x, _TOP - 6, x, height, class_="threshold"))
        drawn.append(frame.text(x, 16, each.name, class_="axis", text_anchor="middle"))
    return drawn
