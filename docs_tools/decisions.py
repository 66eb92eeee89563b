"""The list of decision records, from their files."""

from __future__ import annotations

from pathlib import Path

from docs_tools.markdown import table


def decisions_page(folder: Path) -> str:
    rows = []
    for file in sorted(folder.glob("[0-9]*.md")):
        heading = file.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")
        title = heading.partition(". ")[2] or heading
        rows.append((str(int(file.name[:4])), f"[{title}]({file.name})"))
    return "# Decisions\n\nWhat was decided, why, and what else was considered.\n\n" + table(
        ("no.", "decision"), rows
    )
