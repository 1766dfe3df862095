"""PostgreSQL goes away at one point of the night; when it is back the same command gives the same night."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.night import Night, result
from tests.postgres.server import Server, running

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture
def stop(server: Server, tmp_path: Path) -> str:
    """A program that stops the server at once."""
    script = tmp_path / "stop.sh"
    script.write_text("#!/bin/sh\n" + " ".join(f"'{word}'" for word in server.stop_command()) + "\n", "utf-8")
    script.chmod(0o755)
    return str(script)


def test_a_night_on_postgresql_is_the_night_on_sqlite(
    server: Server, tmp_path: Path, undisturbed: tuple[dict[str, Any], int]
) -> None:
    assert result(Night(tmp_path / "var", server.new_database("night"))) == undisturbed[0]


@pytest.mark.parametrize("lot", range(6))
def test_when_it_is_back_the_night_is_the_same(
    server: Server, stop: str, tmp_path: Path, undisturbed: tuple[dict[str, Any], int], lot: int
) -> None:
    wanted, writes = undisturbed
    night = Night(tmp_path / "var", server.new_database(f"away{lot}"))
    at = random.Random(lot).randint(writes * lot // 6 + 1, writes * (lot + 1) // 6)
    done = night.run(at, stop)
    server.start()
    if done.returncode != 0:  # after the last word with the register nothing is missed
        assert done.returncode == 8, done.stdout + done.stderr
        assert "see that the database runs" in done.stderr
    assert result(night) == wanted
