"""Two nights at once, another secret, a newer database, a policy changed under a running night: named and survived."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from config.policy import PACKS
from tests.crash.night import COMMAND, Night, result

pytestmark = pytest.mark.slow
Undisturbed = tuple[dict[str, Any], int]


def _program(path: Path, *lines: str) -> str:
    """A shell program that a night calls in its middle."""
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n", "utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_second_night_is_refused_and_the_first_goes_on(
    tmp_path: Path, undisturbed: Undisturbed, share: float
) -> None:
    wanted, writes = undisturbed
    night = Night(tmp_path / "var")
    other = f"{sys.executable} -m flows.cli {' '.join(COMMAND)}"
    second = _program(tmp_path / "second", f"{other} > {tmp_path}/said 2>&1", f"echo $? > {tmp_path}/code", "exit 0")
    done = night.run(max(1, int(share * writes)), second)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "code").read_text().strip() == "8"
    assert "another run is at work" in (tmp_path / "said").read_text("utf-8")
    assert result(night) == wanted


def test_another_person_secret_is_refused(tmp_path: Path, undisturbed: Undisturbed) -> None:
    night = Night(tmp_path / "var")
    night.finish()
    secret = night.var / "person.secret"
    own = secret.read_bytes()
    secret.write_text("b" * 64, "ascii")
    done = night.run()
    assert done.returncode == 8
    assert "is not the one this register was built with" in done.stderr
    secret.write_bytes(own)
    assert result(night) == undisturbed[0]


def test_a_newer_database_is_left_alone(tmp_path: Path, undisturbed: Undisturbed) -> None:
    night = Night(tmp_path / "var")
    night.finish()
    for version, code in (("9999", 8), ("0001", 0)):
        with sqlite3.connect(night.var / "evenhand.sqlite") as connection:
            connection.execute("update alembic_version set version_num = ?", (version,))
        connection.close()
        assert night.run().returncode == code
    assert result(night) == undisturbed[0]


def test_a_policy_changed_under_a_running_night_counts_from_the_next_one(
    tmp_path: Path, undisturbed: Undisturbed
) -> None:
    pack = tmp_path / "market"
    shutil.copytree(PACKS / "market", pack)
    change = _program(tmp_path / "change", f"echo '# changed at night' >> {pack}/pack.yaml")
    night = Night(tmp_path / "var", more=("--policy", str(pack)))
    done = night.run(undisturbed[1] // 3, change)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(night.var / "evenhand.sqlite") as connection:
        before = connection.execute("select run_id, policy_digest from runs").fetchall()
    night.finish()
    with sqlite3.connect(night.var / "evenhand.sqlite") as connection:
        after = connection.execute("select run_id, policy_digest from runs").fetchall()
    assert (len(before), len(after)) == (1, 2)
    assert len({digest for _, digest in after}) == 2
