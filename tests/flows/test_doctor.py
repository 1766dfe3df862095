"""The doctor finds what is amiss and says how to mend it; looking changes nothing."""

from __future__ import annotations

import importlib.util
import json
import shutil
import socket
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from config.errors import StoreError
from config.settings import Settings
from flows import doctor
from flows.cli import app
from flows.doctor_place import check_last_run, check_work, check_workers
from flows.doctor_secrets import check_ledger_key, check_permissions, check_secrets
from flows.metrics import RunFigures, remember
from models.intake.generation import write_lake
from models.store import events, heads
from models.store.session import open_store
from tests.models.store.world import NOON, save_results

NOW = NOON + timedelta(hours=1)
OF_THE_MACHINE = ("disk", "fonts")  # whatever they are on the machine that runs the tests


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "var")


@pytest.fixture
def without_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading every pack takes most of a second; two tests do it."""
    monkeypatch.setattr(doctor, "check_policy", lambda day: iter(()))


@pytest.fixture
def after_a_run(settings: Settings) -> Settings:
    key = heads.signing_key(settings.root / "ledger.key")
    settings.secret()
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        save_results(unit)
        heads.sign_heads(unit, key, NOON)
        unit.commit()
    write_lake({}, Path(settings.lake) / "generated", 2)
    settings.root.chmod(0o700)
    return settings


def _states(settings: Settings, now: datetime = NOW, *, deep: bool = False) -> dict[str, doctor.Finding]:
    return {finding.check: finding for finding in doctor.examine(settings, now, deep=deep)}


def test_before_the_first_run_nothing_is_amiss_and_nothing_is_made(settings: Settings) -> None:
    found = doctor.examine(settings, NOW)
    assert doctor.healthy(found)
    assert not settings.root.exists()


def test_after_a_run_all_is_well(after_a_run: Settings) -> None:
    found = doctor.examine(after_a_run, NOW, deep=True)
    assert [finding for finding in found if finding.state == "fail"] == []
    assert {finding.state for finding in found if not finding.check.startswith(("policy", *OF_THE_MACHINE))} == {"ok"}
    looked_at = {"database", "ledger", "clock", "lake generated", "disk", "secrets", "ledger key", "fonts", "workers"}
    assert looked_at | {"permissions"} <= {finding.check for finding in found}


def _fails(finding: doctor.Finding, said: str, remedy: str) -> None:
    assert finding.state == "fail"
    assert said in finding.found
    assert remedy in finding.remedy


@pytest.mark.usefixtures("without_packs")
def test_a_newer_database(after_a_run: Settings) -> None:
    with open_store(after_a_run.database) as store, store.unit_of_work() as unit:
        unit.connection.execute(text("update alembic_version set version_num = '9999'"))
        unit.commit()
    _fails(_states(after_a_run)["database"], "9999", "install the version")


@pytest.mark.usefixtures("without_packs")
def test_an_altered_row_is_found_by_the_deep_look(after_a_run: Settings) -> None:
    with open_store(after_a_run.database) as store, store.unit_of_work() as unit:
        unit.connection.execute(text("update ratings set score = 1"))
        unit.commit()
    assert _states(after_a_run)["ledger"].state == "ok"
    _fails(_states(after_a_run, deep=True)["ledger"], "ratings of run r1", "tell the auditor")


@pytest.mark.usefixtures("without_packs")
def test_an_altered_ledger_is_found_by_the_quick_look(after_a_run: Settings) -> None:
    with open_store(after_a_run.database) as store, store.unit_of_work() as unit:
        unit.connection.execute(text("update ledger set subject = 'r2' where kind = 'ratings'"))
        unit.commit()
    _fails(_states(after_a_run)["ledger"], "its hash is not that of its content", "docs/ledger.md")


@pytest.mark.usefixtures("without_packs")
def test_a_clock_set_back(after_a_run: Settings) -> None:
    _fails(_states(after_a_run, NOON - timedelta(minutes=1))["clock"], "last signed at 2026-05-01T12", "timedatectl")


@pytest.mark.usefixtures("without_packs")
def test_a_lake_half_copied(after_a_run: Settings) -> None:
    victim = next(Path(after_a_run.lake).rglob("records.parquet"))
    victim.write_bytes(victim.read_bytes()[:-10])
    found = _states(after_a_run)
    _fails(found["lake generated"], "truncated", "run intake again")
    assert "lake" not in found


def test_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    for free, state in ((10 << 30, "ok"), (3 << 30, "warn"), (100 << 20, "fail")):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, free=free: usage(free, 0, free))
        (finding,) = doctor.check_disk(settings.root)
        assert finding.state == state
        assert state == "ok" or "var/work" in finding.remedy


@pytest.mark.usefixtures("without_packs")
def test_secrets_that_others_can_read(after_a_run: Settings) -> None:
    (after_a_run.root / "ledger.key").chmod(0o644)
    _fails(_states(after_a_run)["secrets"], "ledger.key can be read by others", "chmod 600")


@pytest.mark.usefixtures("without_packs")
def test_a_lake_altered_without_changing_its_size_is_found_by_the_deep_look(after_a_run: Settings) -> None:
    victim = next(Path(after_a_run.lake).rglob("records.parquet"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    assert _states(after_a_run)["lake generated"].state == "ok"
    _fails(_states(after_a_run, deep=True)["lake generated"], "altered", "run intake again")


@pytest.mark.usefixtures("without_packs")
def test_a_lake_whose_pointer_names_nothing(after_a_run: Settings) -> None:
    next(Path(after_a_run.lake).rglob("CURRENT")).write_text("gen-none\n")
    _fails(_states(after_a_run)["lake generated"], "no lake, or its manifest is damaged", "run intake")


@pytest.mark.usefixtures("without_packs")
def test_a_database_that_is_none(after_a_run: Settings) -> None:
    (after_a_run.root / "evenhand.sqlite").write_bytes(b"something else " * 100)
    found = _states(after_a_run)
    _fails(found["database"], "not a database", "restore the latest backup")
    assert found["secrets"].state == "ok"


@pytest.mark.usefixtures("without_packs")
def test_an_older_database(after_a_run: Settings) -> None:
    with open_store(after_a_run.database) as store, store.unit_of_work() as unit:
        unit.connection.execute(text("delete from alembic_version"))
        unit.commit()
    _fails(_states(after_a_run)["database"], "not at this program's schema", "evenhand register upgrade")


def _rest_on(settings: Settings, secret: bytes) -> None:
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        events.expect_secret(unit, secret, NOON)
        unit.commit()


def test_a_secret_file_that_is_missing(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, person_secret_file=tmp_path / "gone")
    (finding,) = check_secrets(settings)
    _fails(finding, "gone is missing", "restore it from the safe")


def test_the_houses_own_secret_gone_while_the_register_rests_on_it(after_a_run: Settings) -> None:
    _rest_on(after_a_run, after_a_run.secret())
    assert [finding.state for finding in check_secrets(after_a_run)] == ["ok"]
    after_a_run.person_secret_at.unlink()
    (finding,) = check_secrets(after_a_run)
    _fails(finding, "the register rests on it", "restore it from the safe")
    assert not after_a_run.person_secret_at.exists()  # looking did not make one


def test_another_secret_than_the_registers(after_a_run: Settings) -> None:
    _rest_on(after_a_run, after_a_run.secret())
    after_a_run.person_secret_at.write_text("b" * 64)
    (finding,) = check_secrets(after_a_run)
    _fails(finding, "is not the one this register was built with", "rotate-secret")


def test_a_secret_and_a_seed_that_are_too_short(tmp_path: Path) -> None:
    for name in ("secret", "seed"):
        (tmp_path / name).write_text("short")
        (tmp_path / name).chmod(0o600)
    settings = Settings(var=tmp_path, person_secret_file=tmp_path / "secret", draw_seed_file=tmp_path / "seed")
    short, seed = check_secrets(settings)
    _fails(short, "shorter than 32 bytes", "put a longer one")
    _fails(seed, "shorter than 32 bytes", "openssl rand")


def test_a_password_in_the_environment(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, database_url="postgresql://nightly:secret@127.0.0.1:1/evenhand")
    found = list(check_secrets(settings))[-1]
    assert (found.state, ".pgpass" in found.remedy, "secret@" in found.found) == ("warn", True, False)


def test_the_notarys_key_gone_or_exchanged(after_a_run: Settings) -> None:
    key = after_a_run.root / "ledger.key"
    own = key.read_bytes()
    key.unlink()
    (gone,) = check_ledger_key(after_a_run)
    _fails(gone, "heads are signed with it", "a new signer")
    heads.signing_key(key)
    (other,) = check_ledger_key(after_a_run)
    _fails(other, "the last head was signed by", "publish the new key")
    key.write_text("nonsense")
    with pytest.raises(StoreError, match="not a signing key"):
        list(check_ledger_key(after_a_run))
    key.write_bytes(own)
    assert [finding.state for finding in check_ledger_key(after_a_run)] == ["ok"]


def test_a_folder_that_others_can_enter(after_a_run: Settings) -> None:
    after_a_run.root.chmod(0o755)
    (after_a_run.root / "evenhand.sqlite").chmod(0o644)
    (finding,) = check_permissions(after_a_run)
    assert (finding.state, finding.remedy) == ("warn", f"chmod -R go= {after_a_run.root}")
    assert "files with data of firms" in finding.found


def test_the_size_of_work_folders_and_what_a_crash_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(check_work(tmp_path)) == []
    step = tmp_path / "work" / "abc-01234567" / ".plan.tmp"
    step.mkdir(parents=True)
    (step / "half").write_bytes(b"x" * 1000)
    (finding,) = check_work(tmp_path)
    assert finding.state == "ok"
    assert "1 of another version of the program" in finding.found
    assert "1 drafts of steps that were cut off" in finding.found
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1000, 999, 1))
    (finding,) = check_work(tmp_path)
    assert (finding.state, "register tidy" in finding.remedy) == ("warn", True)


def test_how_the_last_night_ended(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    for outcome, state in (("refused", "warn"), ("finished", "ok")):
        remember(tmp_path / "metrics", RunFigures("chicago", "food-chicago", outcome, 10, 13))
        (finding,) = check_last_run(settings)
        assert (finding.check, finding.state) == ("last run chicago", state)
        assert finding.found == f"{outcome} after 3 s"
        assert bool(finding.remedy) == (state == "warn")


def test_workers_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
        answering = Settings(var=tmp_path, task_runner="dask", cluster_address=f"tcp://127.0.0.1:{port}")
        (finding,) = check_workers(answering)
        assert (finding.state, "every worker must see it" in finding.found) == ("warn", True)
        (finding,) = check_workers(answering.model_copy(update={"lake_url": "s3://bucket/lake"}))
        assert finding.state == "ok"
    (finding,) = check_workers(answering)
    _fails(finding, f"127.0.0.1:{port}", "start the scheduler")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (finding,) = check_workers(answering)
    _fails(finding, "distributed, prefect_dask not installed", "requirements/cluster.txt")
    (finding,) = check_workers(Settings(var=tmp_path))
    assert (finding.state, finding.found) == ("ok", "2 of thread")


def test_what_is_amiss_ends_with_exit_code_six(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "check_policy", lambda day: iter(()))
    monkeypatch.setenv("EVENHAND_VAR", str(tmp_path))
    monkeypatch.setenv("EVENHAND_PERSON_SECRET_FILE", str(tmp_path / "gone"))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 6
    (secrets,) = (line for line in json.loads(done.stdout) if line["check"] == "secrets")
    assert (secrets["state"], secrets["remedy"][:14]) == ("fail", "restore it from"[:14])
    monkeypatch.delenv("EVENHAND_PERSON_SECRET_FILE")
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


def test_values_past_their_review(settings: Settings) -> None:
    found = {finding.check: finding for finding in doctor.check_policy(date(2035, 1, 1))}
    market = found["policy market"]
    assert market.state == "warn"
    assert "past their review" in market.found
    early = {finding.check: finding for finding in doctor.check_policy(date(1990, 1, 1))}
    assert early["policy market"].found == "not in force on 1990-01-01"


def test_no_font_with_chinese_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (finding,) = doctor.check_fonts()
    assert (finding.state, finding.remedy) == ("warn", "apt-get install fonts-noto-cjk")


@pytest.mark.usefixtures("without_packs")
def test_the_moment_is_told_in_its_zone(settings: Settings) -> None:
    assert _states(settings, datetime(2026, 5, 1, tzinfo=UTC))["clock"].found == "2026-05-01T00:00:00+00:00"
