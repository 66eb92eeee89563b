"""SVG elements, everything escaped, and a frame that turns round for right-to-left pages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from markupsafe import Markup, escape


def element(name: str, *inside: Markup | str, **attributes: object) -> Markup:
    """One element; `_` in attribute names stands for `-`, and a trailing one is dropped."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    # Values were escaped above; names of elements and attributes come from this folder's code only.
    opened, closed = Markup(f"<{name}{written}>"), Markup(f"</{name}>")  # noqa: S704 - escaped
    return opened + Markup("").join(inside) + closed


def _plain(value: object) -> str:
    """Numbers to a tenth: nobody sees more, and pages stay small."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def picture(
    key: str, width: int, height: int, title: str, about: str, *inside: Markup, links: bool = False
) -> Markup:
    """An SVG with a title and a description for those who do not see it.

    A picture with links stays a group, so that a keyboard and a screen reader reach them.
    """
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", about, id=f"{key}-about"),
        *inside,
        viewBox=f"0 0 {width} {height}",
        role="group" if links else "img",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-about",
        focusable="false",
        class_=f"picture {key.split('--', maxsplit=1)[0]}",
    )


class Frame(msgspec.Struct, frozen=True):
    """The width of a picture; `mirrored` where its page runs from right to left."""

    width: int
    mirrored: bool

    def x(self, value: float) -> float:
        return self.width - value if self.mirrored else value

    def box(self, x: float, y: float, width: float, height: float, **more: object) -> Markup:
        left = self.x(x) - width if self.mirrored else x
        title = more.pop("title", None)
        inside = [element("title", str(title))] if title else []
        return element("rect", *inside, x=left, y=y, width=width, height=height, **more)

    def text(self, x: float, y: float, words: str, **more: object) -> Markup:
        return element("text", words, x=self.x(x), y=y, **more)

    def line(self, x1: float, y1: float, x2: float, y2: float, **more: object) -> Markup:
        return element("line", x1=self.x(x1), y1=y1, x2=self.x(x2), y2=y2, **more)


def ticks(largest: float, steps: int = 4) -> Sequence[float]:
    """Round numbers from nothing to at least the largest value."""
    if largest <= 0:
        return (0.0, 1.0)
    rough = largest / steps
    size = 10 ** math.floor(math.log10(rough))
    # Counts are whole: half a person is not a tick.
    step = max(1, next(size * each for each in (1, 2, 5, 10) if size * each >= rough))
    return tuple(step * number for number in range(math.ceil(largest / step) + 1))
