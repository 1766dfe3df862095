"""A run that is done again: reproduced, or told where it differs; draws replayed; runs a record reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from config.errors import StoreError
from models.store import events
from models.store.recompute import verify_draw, verify_files, verify_run
from models.store.session import Store
from models.store.touched import runs_touched
from tests.models.store.world import LEFT_OUT, NOON, fill, ratings, visits

FILES = {"tax/penalties_1.csv": "a" * 64, "enterprises.csv": "b" * 64}


def _again(arguments: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    assert arguments["seed"] == "7"
    assert arguments["inputs"] == FILES
    return {"ratings": ratings(), "planned_visits": visits(), "left_out": LEFT_OUT.reverse()}


def test_a_run_that_comes_out_the_same_is_reproduced(full: Store) -> None:
    check = verify_run(full, "r1", _again, files=FILES)
    assert check.reproduced
    assert check.counts == {"ratings": 0, "planned_visits": 0, "left_out": 0}


def test_every_difference_is_named(full: Store) -> None:
    fewer = ratings()[1:].with_columns(pl.when(pl.col("tier") == "B").then(pl.lit("C")).otherwise("tier").alias("tier"))
    changed = fewer.with_columns(next_change_on=pl.lit(None, dtype=pl.Date))
    check = verify_run(full, "r1", lambda arguments: {"ratings": changed})
    assert not check.reproduced
    assert [str(difference) for difference in check.differences] == [
        "ratings cn:000000: row was yes, is now no",
        "ratings cn:000001: tier was B, is now C",
        "ratings cn:000001: next_change_on was 2026-05-02, is now None",
        "ratings cn:000002: next_change_on was 2026-05-03, is now None",
    ]
    assert check.counts == {"ratings": 4}


def test_a_row_that_was_not_there_is_named(full: Store) -> None:
    check = verify_run(full, "r1", lambda arguments: {"ratings": ratings(4)})
    assert [str(difference) for difference in check.differences] == ["ratings cn:000003: row was no, is now yes"]


@pytest.mark.parametrize(
    "files", [FILES | {"enterprises.csv": "c" * 64}, {"enterprises.csv": "b" * 64}, FILES | {"x": ""}]
)
def test_another_input_is_named_and_nothing_recomputed(full: Store, files: dict[str, str]) -> None:
    def never(arguments: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
        raise AssertionError("recomputed on other inputs")

    check = verify_run(full, "r1", never, files=files)
    assert not check.reproduced
    assert len(check.changed_inputs) == 1


def test_rows_altered_after_the_run_are_told_apart_from_a_run_that_differs(full: Store) -> None:
    with full.unit_of_work() as unit:
        unit.connection.execute(text("update ratings set tier = 'A' where enterprise_id = 'cn:000001'"))
        unit.commit()
    check = verify_run(full, "r1", _again)
    assert [problem.where for problem in check.problems] == ["ratings of run r1"]
    assert [str(difference) for difference in check.differences] == ["ratings cn:000001: tier was A, is now B"]


def test_an_unknown_run_is_an_error(full: Store) -> None:
    with pytest.raises(StoreError, match="no run r9"):
        verify_run(full, "r9", _again)
    with pytest.raises(StoreError, match="no run r9"):
        verify_draw(full, "r9", lambda name, publication: [])


def test_draws_are_replayed(full: Store) -> None:
    seen = {}

    def replay(name: str, publication: Any) -> list[str]:
        seen[name] = publication
        return ["cn:000000 is not drawn"] if publication["drawn"] else []

    (problem,) = verify_draw(full, "r1", replay)
    assert str(problem) == "draw 340100 of run r1: cn:000000 is not drawn"
    assert set(seen) == {"340100", "340200"}


def test_an_altered_publication_is_found_even_when_it_replays(full: Store) -> None:
    with full.unit_of_work() as unit:
        unit.connection.execute(text("""update draws set publication = '{"drawn":[]}'"""))
        unit.commit()
    (problem,) = verify_draw(full, "r1", lambda name, publication: [])
    assert problem.where == "draws of run r1"


def test_the_runs_a_revoked_record_reached(store: Store) -> None:
    fill(store, "r1")
    fill(store, "r2")
    with store.snapshot() as snapshot:
        found = runs_touched(snapshot, "cn:000001", "tax:1", date(2026, 4, 1))
        assert found.to_dicts() == [
            {
                "run_id": run_id,
                "as_of": date(2026, 5, 1),
                "tier": "B",
                "named_as_reason": True,
                "visits": 1,
                "bids": 1,
                "notices": 1,
            }
            for run_id in ("r1", "r2")
        ]
        assert not runs_touched(snapshot, "cn:000001", "tax:11", date(2026, 4, 1))["named_as_reason"].any()
        assert runs_touched(snapshot, "cn:000001", "tax:1", date(2026, 5, 2)).is_empty()
        assert runs_touched(snapshot, "cn:999999", "tax:1", date(2026, 4, 1)).is_empty()


DELIVERED = {"rosters/340100.xlsx": "1" * 64, "report.html": "2" * 64}


@pytest.mark.parametrize("path", DELIVERED)
def test_every_file_that_was_touched_is_named(full: Store, path: str) -> None:
    assert verify_files(full, "r1", DELIVERED) == []
    (changed,) = verify_files(full, "r1", DELIVERED | {path: "3" * 64})
    assert str(changed) == f"file {path}: is not the file that was registered"
    (gone,) = verify_files(full, "r1", {name: sha for name, sha in DELIVERED.items() if name != path})
    assert str(gone) == f"file {path}: of run r1 is gone"
    (foreign,) = verify_files(full, "r1", DELIVERED | {f"{path}x": "1" * 64})
    assert str(foreign) == f"file {path}x: is not of run r1"


def test_files_as_they_were_approved_are_ours_too(full: Store) -> None:
    approved = DELIVERED | {"report.html": "4" * 64}
    assert len(verify_files(full, "r1", approved)) == 1
    with full.unit_of_work() as unit:
        (first, *_) = events.approvals(unit, "r1")["approval_id"]
        events.log_event(unit, "approved_exports", first, NOON, files=approved)
        unit.commit()
    assert verify_files(full, "r1", approved) == []
    assert verify_files(full, "r1", DELIVERED) == []


def test_an_export_digest_that_was_altered_is_found(full: Store) -> None:
    with full.unit_of_work() as unit:
        unit.connection.execute(text("update exports set cell_digest = '5' where path = 'report.html'"))
        unit.commit()
    said = [problem.where for problem in verify_files(full, "r1", DELIVERED | {"report.html": "5"})]
    assert said == ["exports of run r1"]
    with pytest.raises(StoreError, match="no run r9"):
        verify_files(full, "r9", {})
