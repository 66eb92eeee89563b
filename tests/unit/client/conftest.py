"""A registry that is made for each test."""

from __future__ import annotations

import pytest

from tests.registry_double import RegistryDouble


@pytest.fixture
def registry() -> RegistryDouble:
    return RegistryDouble()
