"""Some of these tests walk through the standard's door."""

from tests.door_fixtures import door

__all__ = ["door"]
