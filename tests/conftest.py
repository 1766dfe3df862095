"""Fixtures every room may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import absl.logging
import pytest
from hypothesis import settings

# Prefect's logging set-up shuts handlers down; absl's (it comes with ortools) would then close whatever stood for
# sys.stderr when it was imported: pytest's capture. The interpreter's own stream it leaves alone.
absl.logging.get_absl_handler().python_handler.stream = sys.__stderr__

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
