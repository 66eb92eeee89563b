"""`python -m docs_tools` writes the generated pages; with --check it only says which are stale."""

from __future__ import annotations

import sys

from docs_tools.pages import DOCS, pages, stale


def main() -> int:
    if "--check" in sys.argv[1:]:
        old = stale()
        for path in old:
            print(f"{path} is not current; run python -m docs_tools")
        return 1 if old else 0
    for name, text in pages().items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
