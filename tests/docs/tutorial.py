"""The commands of a page that are marked to be run: <!-- test: name --> above a bash block."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

_BLOCK = re.compile(
    r"^( *)<!-- test: ([a-z ]+) -->\n\1```bash\n(.*?)^\1```", re.DOTALL | re.MULTILINE
)


def commands_of(page: Path) -> dict[str, str]:
    """The marked blocks of a page by name, in their order."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    assert found, f"{page} has no command that is run"
    names = [name for _, name, _ in found]
    assert len(set(names)) == len(names), f"{page} gives two blocks one name"
    return {name: dedent(block) for _, name, block in found}
