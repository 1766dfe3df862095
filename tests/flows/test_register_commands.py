"""`evenhand register` on a filled register."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from config.settings import Settings
from flows.cli import app
from models.store import events, heads, reads
from models.store.session import open_store
from tests.models.store.world import NOON, save_events, save_results

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("EVENHAND_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("COLUMNS", "200")
    with open_store(f"sqlite:///{tmp_path / 'var' / 'evenhand.sqlite'}") as store, store.unit_of_work() as unit:
        save_results(unit)
        save_events(unit)
        heads.sign_heads(unit, heads.signing_key(tmp_path / "var" / "ledger.key"), NOON)
        unit.commit()
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_runs_are_listed_with_their_heads(call: Call) -> None:
    done = call("register", "runs", "--json")
    assert done.exit_code == 0, done.output
    (run,) = json.loads(done.stdout)
    assert (run["run_id"], run["as_of"], len(run["head"])) == ("r1", "2026-05-01", 64)
    assert "r1" in call("register", "runs").stdout


def test_an_anchor_written_today_verifies_the_ledger(call: Call, tmp_path: Path) -> None:
    assert call("register", "anchor", "--out", tmp_path / "anchor.json").exit_code == 0
    assert call("verify", "ledger", "--anchor", tmp_path / "anchor.json").exit_code == 0
    assert call("verify", "ledger", "--key", "0" * 64).exit_code == 6


def test_a_backup_is_a_register(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("register", "backup", tmp_path / "copy.sqlite").exit_code == 0
    assert call("register", "backup", tmp_path / "copy.sqlite").exit_code == 8
    monkeypatch.setenv("EVENHAND_DATABASE_URL", f"sqlite:///{tmp_path / 'copy.sqlite'}")
    assert call("verify", "ledger").exit_code == 0


def test_the_schema_goes_down_and_up(call: Call) -> None:
    assert call("register", "upgrade", "--down").exit_code == 2
    assert "schema None" in call("register", "upgrade", "--down", "--to", "base").stdout
    assert call("register", "runs").exit_code == 8
    assert call("register", "upgrade").exit_code == 0
    assert json.loads(call("register", "runs", "--json").stdout) == []


def test_overdue_clocks_are_reported_on_the_officials(call: Call) -> None:
    """The objection was annotated on the day it was filed; its decision is due twenty working days later."""
    early = call("register", "clocks", "--as-of", "2026-05-06", "--json")
    assert early.exit_code == 0, early.output
    assert {row["clock"] for row in json.loads(early.stdout)} == {"annotate", "decide", "notice"}
    late = call("register", "clocks", "--as-of", "2026-07-01")
    assert late.exit_code == 6
    assert "1 clocks are overdue" in late.output
    assert call("register", "clocks", "--as-of", "soon").exit_code == 2


def test_what_a_revoked_record_reached_is_listed(call: Call) -> None:
    (run,) = json.loads(call("register", "touched", "cn:000001", "tax:1", "--json").stdout)
    assert (run["run_id"], run["named_as_reason"], run["visits"], run["bids"], run["notices"]) == ("r1", True, 1, 1, 1)
    assert json.loads(call("register", "touched", "cn:000001", "tax:1", "--since", "2026-05-02", "--json").stdout) == []
    assert call("register", "touched", "cn:000001", "tax:1", "--since", "then").exit_code == 2


def test_another_secret_counts_once_it_is_rotated(call: Call, tmp_path: Path) -> None:
    assert call("register", "rotate-secret").exit_code == 0
    (tmp_path / "var" / "person.secret").write_text("b" * 64)
    assert call("register", "rotate-secret").exit_code == 0
    assert call("verify", "ledger").exit_code == 0


def test_a_rotation_killed_in_the_middle_leaves_the_old_secret_in_force(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's line and the signature are one transaction: both or neither."""
    secret = tmp_path / "var" / "person.secret"
    assert call("register", "rotate-secret").exit_code == 0
    old = secret.read_bytes()
    with open_store(f"sqlite:///{tmp_path / 'var' / 'evenhand.sqlite'}") as store:
        with store.snapshot() as snapshot:
            before = reads.ledger_entries(snapshot, "journal").height
        secret.write_text("b" * 64)
        with monkeypatch.context() as broken:
            broken.setattr(heads, "sign_heads", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            assert call("register", "rotate-secret").exit_code != 0
        with store.snapshot() as snapshot:
            assert reads.ledger_entries(snapshot, "journal").height == before
            assert events.secret_is_known(snapshot, old) is True
            assert events.secret_is_known(snapshot, b"b" * 64) is False
        assert call("register", "rotate-secret").exit_code == 0  # the same command again
        secret.write_bytes(old)
        assert call("register", "rotate-secret").exit_code == 0  # and back
        with store.snapshot() as snapshot:
            assert events.secret_is_known(snapshot, old) is True
    assert call("verify", "ledger").exit_code == 0


def test_without_a_register_the_way_to_one_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_VAR", str(tmp_path))
    done = CliRunner().invoke(app, ["register", "transparency"])
    assert done.exit_code == 2
    assert "finished run" in done.output


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.flows.finished import finished_run

    return finished_run(tmp_path_factory.mktemp("told"), 300).root


def test_the_transparency_report_can_be_published(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import polars as pl

    from flows.intake import tables
    from flows.run import restored

    monkeypatch.setenv("EVENHAND_VAR", str(finished))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["register", "transparency"])
    assert done.exit_code == 0, done.output
    known = tables(restored(Settings()).work / "intake")
    people = {*known["enterprises"]["name"], *known["enterprises"]["enterprise_id"], *known["inspectors"]["name"]}
    people |= {*known["inspectors"]["inspector_id"], *known["links"]["person_key"]}
    texts = {path.name: path.read_text("utf-8") for path in (tmp_path / "transparency").iterdir()}
    assert {"transparency.html", "transparency.md", "transparency.json", "approvals.csv"} <= set(texts)
    assert not [word for word in people if word and any(word in text for text in texts.values())]
    told = json.loads(texts["transparency.json"])["figures"]
    assert {"overrides", "objections", "rejections", "burden_by_tier", "equal_treatment_ownership"} <= set(told)
    firms = [row["firms"] for row in told["equal_treatment_region"]]
    assert not [count for count in firms if count is not None and 0 < count < 5]
    assert texts["transparency.html"].count("<table>") == texts["transparency.md"].count("\n## ") == len(told)
    assert pl.read_csv(tmp_path / "transparency" / "rejections.csv").height == len(told["rejections"])
    assert CliRunner().invoke(app, ["register", "transparency", "--internal", "--out", "own"]).exit_code == 0
    assert (tmp_path / "own" / "approvals.csv").stat().st_mode & 0o077 == 0
