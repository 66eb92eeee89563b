"""Every generated page by its place under docs/."""

from __future__ import annotations

from pathlib import Path

from docs_tools.asvs import asvs_page
from docs_tools.checks import checks_page
from docs_tools.codes import codes_page
from docs_tools.commands import commands_page
from docs_tools.decisions import decisions_page
from docs_tools.errors import errors_page
from docs_tools.scale_out.page import scale_out_page
from docs_tools.tables import tables_page
from docs_tools.values import attributes_page, events_page, rights_page, settings_page

DOCS = Path(__file__).resolve().parents[1] / "docs"
_NOTE = "<!-- Written by python -m docs_tools ; change what it is made of, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """The text of each generated page."""
    made = {
        "reference/checks.md": checks_page(),
        "reference/cli.md": commands_page(),
        "reference/settings.md": settings_page(),
        "reference/errors.md": errors_page(),
        "reference/audit-events.md": events_page(),
        "reference/tables.md": tables_page(),
        "reference/codes.md": codes_page(),
        "reference/rights.md": rights_page(),
        "reference/scale-out.md": scale_out_page(),
        "reference/asvs.md": asvs_page(),
        "standard/query-attributes.md": attributes_page(),
        "decisions/index.md": decisions_page(DOCS / "decisions"),
    }
    return {name: _NOTE + text.rstrip() + "\n" for name, text in made.items()}


def stale() -> list[Path]:
    """The pages whose file is missing or differs from what the code says."""
    return [
        DOCS / name
        for name, text in pages().items()
        if not (DOCS / name).is_file() or (DOCS / name).read_text(encoding="utf-8") != text
    ]
