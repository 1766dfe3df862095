"""The day's upkeep: checked first, then anchored, copied and tidied; an unsound register is left as it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from config.errors import CheckFailed
from config.settings import Settings
from flows.cli import app
from flows.doctor_finding import Finding
from flows.upkeep import keep_up
from models.store import heads, reads
from models.store.locks import run_lock
from models.store.session import open_store
from models.store.verify import verify_ledger
from tests.models.store.world import NOON, save_results

NOW = NOON + timedelta(hours=1)
DAY = NOW.date()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A register with one signed run; of the doctor's checks the slow ones are left out."""
    monkeypatch.setattr("flows.doctor.check_policy", lambda day: iter(()))
    made = Settings(var=tmp_path / "var", keep_copies=2)
    made.secret()
    with open_store(made.database) as store, store.unit_of_work() as unit:
        save_results(unit)
        heads.sign_heads(unit, heads.signing_key(made.root / "ledger.key"), NOON)
        unit.commit()
    return made


def test_anchor_and_copy_are_sound_and_twice_a_day_is_once(settings: Settings, tmp_path: Path) -> None:
    folders = {"anchors": tmp_path / "anchors", "copies": tmp_path / "copies"}
    done = keep_up(settings, NOW, **folders)
    assert done.failed == []
    assert done.copy == tmp_path / "copies" / f"register-{DAY}.sqlite"
    with open_store(f"sqlite:///{done.copy}", migrate=False) as copy, copy.snapshot() as snapshot:
        assert reads.ratings(snapshot, "r1").height == 3
    assert done.copy.stat().st_mode & 0o077 == 0
    before = done.copy.read_bytes()
    again = keep_up(settings, NOW + timedelta(hours=2), **folders)
    assert again.copy is not None
    assert again.copy.read_bytes() == before
    with open_store(settings.database) as store:
        assert verify_ledger(store, anchors=heads.read_anchor(again.anchor)) == []
    assert [path.name for path in (tmp_path / "anchors").iterdir()] == [f"heads-{DAY}.json"]


def test_the_oldest_copies_go_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    for name in ("register-2026-01-01.sqlite", "register-2026-04-30.sqlite", "aaa.sqlite", "register-old.sqlite"):
        (copies / name).write_bytes(b"")
    done = keep_up(settings, NOW, anchors=tmp_path, copies=copies)
    assert [path.name for path in done.copies_gone] == ["register-2026-01-01.sqlite"]
    assert {path.name for path in copies.iterdir()} == {
        "register-2026-04-30.sqlite", f"register-{DAY}.sqlite", "aaa.sqlite", "register-old.sqlite"
    }  # fmt: skip


def test_an_unsound_register_is_left_as_it_is(settings: Settings, tmp_path: Path) -> None:
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        unit.connection.execute(text("update ledger set body = '{}' where log = 'results' and position = 1"))
        unit.commit()
    with pytest.raises(CheckFailed, match="Nothing was anchored, copied or tidied"):
        keep_up(settings, NOW, anchors=tmp_path / "anchors", copies=tmp_path / "copies")
    assert not (tmp_path / "anchors").exists()
    assert not (tmp_path / "copies").exists()


def test_while_a_night_is_at_work_nothing_is_tidied(settings: Settings, tmp_path: Path) -> None:
    (settings.root / "work" / "0000-crashed").mkdir(parents=True)
    with open_store(settings.database) as store, run_lock(store):
        done = keep_up(settings, NOW, anchors=tmp_path)
    assert done.anchor.exists()
    assert done.tidied == ()
    assert [one.state for one in done.findings if one.check == "tidy"] == ["warn"]
    assert (settings.root / "work" / "0000-crashed").exists()
    assert [old.work.name for old in keep_up(settings, NOW, anchors=tmp_path).tidied] == ["0000-crashed"]


def test_the_command_ends_with_6_when_a_check_failed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVENHAND_VAR", str(settings.root))
    monkeypatch.chdir(tmp_path)
    good = CliRunner().invoke(app, ["register", "upkeep", "--json"])
    assert good.exit_code == 0, good.output
    assert '"copy": null' in good.output
    monkeypatch.setattr("flows.doctor.check_disk", lambda root: iter([Finding("disk", "fail", "1 MB", "free some")]))
    assert CliRunner().invoke(app, ["register", "upkeep"]).exit_code == 6
    assert (tmp_path / "anchors").is_dir()  # a full disk is no reason not to anchor
