"""PostgreSQL goes away at one point of the night; when it is back the same command gives the same night."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.night import COMMAND, Night, result
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


def test_a_second_machine_on_the_same_register_is_refused(
    server: Server, tmp_path: Path, undisturbed: tuple[dict[str, Any], int]
) -> None:
    """Another folder, the same database: the first night goes on undisturbed."""
    wanted, writes = undisturbed
    night = Night(tmp_path / "var", server.new_database("shared"))
    second = tmp_path / "second"
    run = f"EVENHAND_VAR={tmp_path}/other {sys.executable} -m flows.cli {' '.join(COMMAND)}"
    second.write_text(f"#!/bin/sh\n{run} > {tmp_path}/said 2>&1\necho $? > {tmp_path}/code\n", "utf-8")
    second.chmod(0o755)
    done = night.run(writes // 2, str(second))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "code").read_text().strip() == "8"
    assert "another run is at work in" in (tmp_path / "said").read_text("utf-8")
    assert result(night) == wanted


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
