"""Kill -9 of the whole process group at random writes, then the same command: the same night."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.crash.night import Night, result

CHAINS, KILLS = 10, 5  # fifty points; the five of a chain strike the same night one after the other

Undisturbed = tuple[dict[str, Any], int]


def _kill(night: Night, at: int) -> bool:
    """Whether the blow fell: a night that goes on after a crash has fewer writes left."""
    done = night.run(at, "kill")
    assert done.returncode in (0, -signal.SIGKILL), done.stdout + done.stderr
    return done.returncode != 0


def test_killed_in_the_middle(tmp_path: Path, undisturbed: Undisturbed) -> None:
    wanted, writes = undisturbed
    night = Night(tmp_path / "var")
    assert _kill(night, writes // 2)
    assert result(night) == wanted


@pytest.mark.slow
@pytest.mark.parametrize("chain", range(CHAINS))
def test_killed_again_and_again(tmp_path: Path, undisturbed: Undisturbed, chain: int) -> None:
    wanted, writes = undisturbed
    lots = random.Random(chain)
    night = Night(tmp_path / "var")
    struck, left = 0, writes
    while struck < KILLS:
        at = lots.randint(1, left)
        if _kill(night, at):
            struck += 1
        else:
            left = max(1, at // 2)  # done before the blow: strike earlier
    assert result(night) == wanted


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory, undisturbed: Undisturbed) -> float:
    """How long the whole command takes here, Prefect's engine and its server included."""
    night = Night(tmp_path_factory.mktemp("whole") / "var", plain=False)
    begun = time.monotonic()
    night.finish()
    taken = time.monotonic() - begun
    assert result(night) == undisturbed[0]
    return taken


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_the_whole_command_killed_by_the_clock(
    tmp_path: Path, undisturbed: Undisturbed, seconds: float, share: float
) -> None:
    night = Night(tmp_path / "var", plain=False)
    with night.start() as process:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=share * seconds)
        with contextlib.suppress(ProcessLookupError):  # quicker than measured: then it is simply done
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert result(night) == undisturbed[0]
