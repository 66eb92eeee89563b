"""Moved to ibr.asker."""

from ibr.asker import Asker, Purpose

__all__ = ["Asker", "Purpose"]
