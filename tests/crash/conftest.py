"""The undisturbed night every other is held against."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crash.night import Night, result


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    """What the night comes to, and how many writes it takes."""
    night = Night(tmp_path_factory.mktemp("undisturbed") / "var")
    found = result(night)
    return found, night.writes()
