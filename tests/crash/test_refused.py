"""Two nights at once, another secret, a newer database, a policy changed under a running night: named and survived."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.policy import PACKS
from config.settings import Settings
from flows.doctor import examine
from models.store import events, heads, reads
from models.store.canonical import instant
from models.store.ledger import LOGS
from models.store.session import open_store
from models.store.verify import verify_ledger
from tests.crash.night import COMMAND, Night, result

pytestmark = pytest.mark.slow
Undisturbed = tuple[dict[str, Any], int]


def _program(path: Path, *lines: str) -> str:
    """A shell program that a night calls in its middle."""
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n", "utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])  # the last writes, log and metrics, are after the lock
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


def test_a_clock_set_back_is_told_and_changes_nothing(tmp_path: Path, undisturbed: Undisturbed) -> None:
    """The ledger was signed while the clock was a year ahead: heads keep their order, results stay the same."""
    night = Night(tmp_path / "var")
    night.finish()
    ahead = datetime.now(UTC) + timedelta(days=365)
    key = heads.signing_key(night.var / "ledger.key")
    with open_store(f"sqlite:///{night.var / 'evenhand.sqlite'}") as store, store.unit_of_work() as unit:
        events.log_event(unit, "run_finished", "of the year ahead", ahead)
        heads.sign_heads(unit, key, ahead)
        unit.commit()
    night.more = ("--seed", "4", "--out", str(night.var / "out" / "another"))
    done = night.run()
    assert done.returncode == 0, done.stderr
    assert "warning: clock: " in done.stderr
    assert '"rule": "clock"' in "".join(path.read_text("utf-8") for path in (night.var / "logs").iterdir())
    with open_store(f"sqlite:///{night.var / 'evenhand.sqlite'}") as store, store.snapshot() as snapshot:
        kinds = reads.ledger_entries(snapshot, "journal")["kind"].to_list()
        moments = [head.at for log in LOGS for head in heads.signed_heads(snapshot, log)]
        runs = reads.runs(snapshot).height
    assert "clock_set_back" in kinds
    assert max(moments) == instant(ahead)
    assert runs == 2
    with open_store(f"sqlite:///{night.var / 'evenhand.sqlite'}", migrate=False) as store:
        assert verify_ledger(store, public_key=heads.public_key(key)) == []
    night.more = ()
    first = night.finish()
    assert first["ledger_head"] == undisturbed[0]["head"]


def test_a_database_at_a_newer_schema_is_told_in_the_log_and_by_the_doctor(tmp_path: Path) -> None:
    night = Night(tmp_path / "var")
    night.finish()
    with sqlite3.connect(night.var / "evenhand.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    before = (night.var / "evenhand.sqlite").read_bytes()
    done = night.run()
    assert done.returncode == 8
    assert "9999" in done.stderr
    assert (night.var / "evenhand.sqlite").read_bytes() == before
    told = (night.var / "logs" / "refused.jsonl").read_text("utf-8")
    assert json.loads(told.splitlines()[-1])["exit_code"] == 8
    state = json.loads((night.var / "metrics" / "state.json").read_text("utf-8"))
    assert state["generated"]["runs"] == {"finished": 1, "refused": 1, "failed": 0}
    found = list(examine(Settings(var=night.var), datetime.now().astimezone()))
    assert next(finding.check for finding in found if finding.state == "fail") == "database"
