"""Two nights over one register, from two folders as from two machines: one at a time, and both end right."""

from __future__ import annotations

import os
import secrets
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models.store import ledger, reads
from models.store.session import open_store
from models.store.verify import verify_ledger
from tests.crash.night import COMMAND, Night
from tests.postgres.server import Server

pytestmark = pytest.mark.postgres


@pytest.fixture(params=["sqlite", "postgres"])
def nights(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> tuple[Night, Night]:
    """Two folders, one register, one secret and one signing key, one set of input files."""
    name = f"two-{secrets.token_hex(4)}"
    url = server.new_database(name) if request.param == "postgres" else f"sqlite:///{tmp_path / 'both.sqlite'}"
    environment = {"EVENHAND_PERSON_SECRET": "s" * 40}
    first = Night(tmp_path / "a", url, environment=environment)
    return first, replace(first, var=tmp_path / "b")


def both_right(first: Night, second: Night) -> None:
    """The same command in either folder: the same head, one run, a ledger without a fault."""
    heads = {night.finish()["ledger_head"] for night in (first, second)}
    assert len(heads) == 1
    with open_store(str(first.database), migrate=False) as store, store.snapshot() as snapshot:
        assert reads.runs(snapshot).height == 1
        assert ledger.run_head(snapshot, reads.runs(snapshot)["run_id"][0]) in heads
        assert verify_ledger(store) == []


def test_a_night_that_comes_while_another_is_at_work_is_refused_by_name(
    nights: tuple[Night, Night], tmp_path: Path
) -> None:
    first, second = nights
    second.var.mkdir(parents=True)
    program = tmp_path / "other"
    given = {"EVENHAND_VAR": str(second.var), "EVENHAND_DATABASE_URL": str(second.database)} | second.environment
    words = " ".join(f"{name}='{value}'" for name, value in given.items())
    command = f"{words} {sys.executable} -m flows.cli {' '.join(COMMAND)}"
    program.write_text(f"#!/bin/sh\n{command} > {tmp_path}/said 2>&1\necho $? > {tmp_path}/code\nexit 0\n", "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    done = first.run(150, str(program))  # in the middle of its steps
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "code").read_text("ascii").strip() == "8", (tmp_path / "said").read_text("utf-8")
    said = (tmp_path / "said").read_text("utf-8")
    assert "another run is at work in " in said or "another run is writing" in said
    assert os.environ.get("PGPASSWORD", "no password") not in said
    both_right(first, second)


def test_two_nights_that_start_together_do_not_mix(nights: tuple[Night, Night]) -> None:
    first, second = nights
    processes = [night.start() for night in nights]
    codes = []
    for process in processes:
        _, said = process.communicate()
        codes.append(process.returncode)
        assert process.returncode == 0 or "another run is at work" in said, said
    assert 0 in codes
    assert set(codes) <= {0, 8}
    both_right(first, second)
