"""A lake of which a copy broke off: the doctor names it, and the night writes it again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.crash.night import Night, result

pytestmark = pytest.mark.slow
Undisturbed = tuple[dict[str, Any], int]


@pytest.mark.parametrize("harm", ["cut off", "missing", "exchanged", "pointer"])
def test_a_lake_half_copied_is_named_and_written_again(tmp_path: Path, undisturbed: Undisturbed, harm: str) -> None:
    """A copy of the machine that broke off; the doctor says so, the night itself needs nothing but its inputs."""
    night = Night(tmp_path / "var")
    night.finish()
    shards = sorted((night.var / "lake").rglob("records.parquet"))
    assert len(shards) > 1
    if harm == "cut off":
        shards[0].write_bytes(shards[0].read_bytes()[:100])
    elif harm == "missing":
        shards[0].unlink()
    elif harm == "exchanged":
        shutil.copyfile(shards[1], shards[0])
    else:
        next((night.var / "lake").rglob("CURRENT")).write_text("gen-0", "ascii")
    said = _doctor(night, tmp_path)
    assert "lake" in said
    for work in (night.var / "work").iterdir():
        shutil.rmtree(work / "ratings")  # the step that was not copied at all is done again
    assert result(night) == undisturbed[0]


def _doctor(night: Night, folder: Path) -> str:
    """What `evenhand doctor --deep` says of a sick night, which it must call sick."""
    environment = {"EVENHAND_VAR": str(night.var), "COLUMNS": "200", "PREFECT_HOME": str(folder / "prefect")}
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
    command = [sys.executable, "-m", "flows.cli", "doctor", "--deep", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=plain | environment, check=False)
    assert done.returncode == 6, done.stdout + done.stderr
    failed = [finding for finding in json.loads(done.stdout) if finding["state"] == "fail"]
    return " ".join(finding["check"] for finding in failed)
