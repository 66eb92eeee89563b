"""People by sex and age, women on one side and men on the other."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ibr.questions.programme import AgeShown
from ibr.web.charts.svg import Frame, picture, ticks
from ibr.web.written import Written

WIDTH, HEIGHT = 560, 318
BANDS = 9
_MIDDLE, _GAP, _TOP, _ROW = 280, 30, 34, 28


def band_name(band: int) -> str:
    """The ages of a band: 0–9, and from 80 on all together."""
    return f"{band * 10}+" if band == BANDS - 1 else f"{band * 10}–{band * 10 + 9}"


def age_table(ages: Sequence[AgeShown]) -> list[tuple[str, int, int]]:
    """Women and men by band, the oldest first."""
    return [
        (band_name(band), _count(ages, "female", band), _count(ages, "male", band))
        for band in reversed(range(BANDS))
    ]


def _count(ages: Sequence[AgeShown], sex: str, band: int) -> int:
    return sum(each.count for each in ages if each.sex == sex and each.band == band)


def age_pyramid(
    key: str,
    ages: Sequence[AgeShown],
    title: str,
    about: str,
    *,
    written: Written,
    women: str,
    men: str,
) -> Markup:
    """Bars from the middle outwards, one pair a band."""
    frame = Frame(WIDTH, written.language.mirrored)
    rows = age_table(ages)
    marks = ticks(max((max(row[1:]) for row in rows), default=0), 3)
    scale = (_MIDDLE - _GAP - 14) / marks[-1]
    low = _TOP + BANDS * _ROW
    drawn = [
        frame.text(_MIDDLE - _GAP, 20, women, class_="legend women", text_anchor="end"),
        frame.text(_MIDDLE + _GAP, 20, men, class_="legend men"),
    ]
    for mark in marks:
        for side in (-1, 1):
            x = _MIDDLE + side * (_GAP + mark * scale)
            drawn.append(frame.line(x, _TOP, x, low, class_="grid" if mark else "base"))
            drawn.append(
                frame.text(x, low + 20, written.short(mark), class_="axis", text_anchor="middle")
            )
    for number, (name, female, male) in enumerate(rows):
        y = _TOP + number * _ROW + 3
        for side, sex, label, count in ((-1, "women", women, female), (1, "men", men, male)):
            length = count * scale
            x = _MIDDLE + _GAP if side > 0 else _MIDDLE - _GAP - length
            told = f"{label}, {name}: {written.count(count)}"
            drawn.append(frame.box(x, y, length, _ROW - 6, class_=sex, title=told))
        drawn.append(frame.text(_MIDDLE, y + 15, name, class_="axis band", text_anchor="middle"))
    return picture(key, WIDTH, HEIGHT, title, about, *drawn)
