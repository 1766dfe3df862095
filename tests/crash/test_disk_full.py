"""The disk fills up at one point of the night; with space again the same command gives the same night."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.night import Night, result

pytestmark = pytest.mark.slow
MIB = 1 << 20
SHARED = Path("/dev/shm")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB in memory, or the machine's own where that is as small; skipped where there is neither."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        yield folder
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    elif SHARED.is_dir() and 16 * MIB < shutil.disk_usage(SHARED).total <= 256 * MIB:  # as containers have it
        with tempfile.TemporaryDirectory(prefix="evenhand-disk-", dir=SHARED) as name:
            yield Path(name)
    else:
        pytest.skip("a small disk can only be mounted by root")


@pytest.fixture(scope="module")
def bytes_of_a_night(tmp_path_factory: pytest.TempPathFactory) -> int:
    """What a whole night writes into its folder."""
    night = Night(tmp_path_factory.mktemp("measured") / "var")
    night.finish()
    return sum(path.stat().st_size for path in night.var.rglob("*") if path.is_file() and "prefect" not in path.parts)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.4, 0.6, 0.75, 0.9])
def test_with_space_again_the_night_is_the_same(
    small_disk: Path, tmp_path: Path, undisturbed: tuple[dict[str, Any], int], bytes_of_a_night: int, share: float
) -> None:
    (small_disk / "var").mkdir()
    home = tmp_path / "prefect"  # what is tested is our disk, not Prefect's
    night = Night(small_disk / "var", environment={"PREFECT_HOME": str(home)})
    _fill(small_disk, int(share * bytes_of_a_night))
    done = night.run()
    assert done.returncode == 8, done.stdout + done.stderr
    assert "space" in done.stderr
    assert done.stderr.startswith("error: ")  # a message and a remedy, not a traceback of ours
    (small_disk / "ballast").unlink()
    assert result(night) == undisturbed[0]


def _fill(disk: Path, room: int) -> None:
    """Leave `room` bytes."""
    with open(disk / "ballast", "wb") as file:
        left = shutil.disk_usage(disk).free - room
        while left > 0:
            left -= file.write(bytes(min(left, MIB)))
