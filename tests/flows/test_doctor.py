"""The doctor finds what is amiss and says how to mend it; looking changes nothing."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from config.settings import Settings
from flows import doctor
from models.intake.generation import write_lake
from models.store import heads
from models.store.session import open_store
from tests.models.store.world import NOON, save_results

NOW = NOON + timedelta(hours=1)


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
    write_lake({}, Path(settings.lake), 2)
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
    assert {"database", "ledger", "clock", "lake", "disk", "secrets", "fonts"} <= {finding.check for finding in found}


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
    _fails(_states(after_a_run)["lake"], "truncated", "run intake again")


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


def test_a_secret_file_that_is_missing(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, person_secret_file=tmp_path / "gone")
    assert "restore it from the safe" in [finding.remedy for finding in doctor.check_secrets(settings)]


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
