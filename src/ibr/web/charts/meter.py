"""A bar inside a table's cell. The number stands beside it, so it is hidden from screen readers."""

from __future__ import annotations

from markupsafe import Markup

from ibr.web.charts.svg import element


def meter(value: float, largest: float, kind: str = "") -> Markup:
    """A bar as long as the value's share of the largest."""
    share = 100 * value / largest if largest else 0.0
    return element(
        "svg",
        element("rect", width="100", height="8", class_="meter-ground"),
        element("rect", width=max(share, 0.6) if value else 0.0, height="8", class_="meter-value"),
        viewBox="0 0 100 8",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
        class_=f"meter {kind}".strip(),
    )
