"""The command line: `ibr …`, one file per noun."""

from __future__ import annotations

from ibr.cli.main import main

__all__ = ["main"]
