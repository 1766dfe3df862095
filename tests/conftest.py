"""Fixtures every room may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# a loaded machine is slow, not wrong
settings.register_profile("evenhand", deadline=None)
settings.load_profile("evenhand")

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data beside the project; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EVENHAND_SHARED", PROJECT.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip("real data (../shared/data) is not here")
    return folder
