"""Axe in a page, and whether anything sticks out to the side."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from playwright.sync_api import Page

SOURCE: Final = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
# What WCAG 2.2 asks of level A and AA, and what axe's makers hold to be good besides.
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Of what is taller only the first screen is kept; a picture takes its time on a busy machine.
_TALLEST: Final = 16_000
_PATIENCE_MS: Final = 60_000
_RUN: Final = """
axe.run(document, {runOnly: {type: 'tag', values: %s}, resultTypes: ['violations']})
   .then(found => JSON.stringify(found.violations.map(each => ({
     rule: each.id, impact: each.impact, help: each.help,
     where: each.nodes.map(node => node.target.join(' ') + ' ' +
       node.any.concat(node.all, node.none).map(check => check.message).join('; '))}))))
"""


class Complaint(msgspec.Struct, frozen=True):
    """What axe finds wrong, how much that hinders, and where."""

    rule: str
    impact: str
    help: str
    where: list[str]

    def __str__(self) -> str:
        more = f" and {len(self.where) - 4} more" if len(self.where) > 4 else ""
        return f"{self.impact} {self.rule}: {self.help}: {' | '.join(self.where[:4])}{more}"


@cache
def _source() -> str:
    return SOURCE.read_text(encoding="utf-8")


def complaints(page: Page) -> list[Complaint]:
    """What axe finds. It is put into the page the way a debugger does it, which the page's
    Content-Security-Policy does not concern: the policy stays as it is."""
    line = page.context.new_cdp_session(page)
    _evaluated(line, _source() + ";0")
    found = _evaluated(line, _RUN % json.dumps(TAGS))
    line.detach()
    return msgspec.json.decode(found, type=list[Complaint])


def _evaluated(line: Any, expression: str) -> str:
    told = line.send(
        "Runtime.evaluate",
        {"expression": expression, "awaitPromise": True, "returnByValue": True},
    )
    assert "exceptionDetails" not in told, told["exceptionDetails"]
    return str(told["result"]["value"])


def sticks_out(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider = "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
    return int(page.evaluate(wider))


def open_all(page: Page) -> None:
    """Opens what is folded up, which axe would not look into."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def shoot(page: Page, name: str) -> None:
    """Keeps a picture where IBR_TEST_SHOTS names a folder."""
    if folder := os.environ.get("IBR_TEST_SHOTS"):
        plain = re.sub(r"[^\w-]+", "_", name).strip("_")
        tall = page.evaluate("document.scrollingElement.scrollHeight")
        page.screenshot(
            path=f"{folder}/{plain}.png", full_page=tall < _TALLEST, timeout=_PATIENCE_MS
        )
