"""One search in one process: atheris changes inputs and keeps those that reach new code.

Run by `__main__.py`. The readers are imported here, while what they reach is being made visible.
"""

from __future__ import annotations

import importlib
import site
import sys


def main() -> None:
    """search.py FOLDER_OF_TOOLS TARGET, then what libFuzzer is told."""
    tools, name, *told = sys.argv[1:]
    # Behind everything else: what the tools need must not take the place of what is tested.
    site.addsitedir(tools)
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["ibr", "ibr_messages", "tests.fuzzing"]):
        oracle = importlib.import_module("tests.fuzzing.oracle")
        planted = importlib.import_module("tests.fuzzing.planted")
        if name == planted.PLANTED.name:
            target = planted.PLANTED
        else:
            target = importlib.import_module("tests.fuzzing.targets").TARGETS[name]
    atheris.Setup([sys.argv[0], *told], lambda content: oracle.check(target.run, content))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
