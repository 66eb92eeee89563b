"""The page of the matrix says what the matrix says."""

from __future__ import annotations

from pathlib import Path

from tests.matrix import as_markdown

PAGE = Path(__file__).parents[2] / "docs/reference/who-may-what.md"


def test_the_page_is_made_from_the_matrix() -> None:
    """To write it anew: python -c "from tests.matrix import as_markdown; print(as_markdown())"."""
    assert PAGE.read_text(encoding="utf-8") == as_markdown()
