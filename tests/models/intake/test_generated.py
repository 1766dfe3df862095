"""The generator's registers: every dirty row refused by a fitting rule, no clean row, nothing else lost."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from config.policy import load_policy
from exports.registers import write_registers
from models.intake import Intake, intake, load_source

AS_OF = date(2026, 7, 1)
FITTING = {
    "check_character": {"identifier"},
    "column_count": {"field_count"},
    "bad_date": {"date"},
    "error_value": {"error_value"},
    "future_date": {"future_date"},
    "negative_amount": {"negative_amount"},
    "unknown_item": {"unknown_item"},
    "duplicate_id": {"duplicate_id"},
    "person_as_subject": {"person_as_subject"},
    "bad_bytes": {"encoding"},
    "total_line": {"total_line"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("registers")
    write_registers(out, 1500, 5, AS_OF)
    return out


@pytest.fixture(scope="module")
def taken(folder: Path) -> Intake:
    policy = load_policy("market").at(AS_OF)
    return intake(load_source("generated"), folder, secret=b"s" * 32, policy=policy, as_of=AS_OF)


def test_exactly_the_dirty_rows_are_refused(folder: Path, taken: Intake) -> None:
    dirty = pl.read_csv(folder / "truth" / "dirty_rows.csv").filter(pl.col("expected") == "rejected")
    assert set(dirty["rule"]) <= set(FITTING)
    found = {(row["file"], row["row"]): row["rule"] for row in taken.rejected.iter_rows(named=True)}
    wanted = {(row["file"], row["row"]): row["rule"] for row in dirty.iter_rows(named=True)}
    assert found.keys() == wanted.keys()
    wrong = {place: (found[place], rule) for place, rule in wanted.items() if found[place] not in FITTING[rule]}
    assert wrong == {}


def test_every_row_is_accounted_for(taken: Intake) -> None:
    for file in taken.files:
        assert file.rows == file.accepted + file.rejected + file.set_aside, file


def test_every_noun_is_filled_and_refers_to_the_register(taken: Intake) -> None:
    register = set(taken.tables["enterprises"]["enterprise_id"])
    for name, frame in taken.tables.items():
        assert not frame.is_empty(), name
        if "enterprise_id" in frame.columns:
            assert set(frame["enterprise_id"].drop_nulls()) <= register


def test_the_same_delivery_twice_gives_the_same_tables(folder: Path, taken: Intake) -> None:
    policy = load_policy("market").at(AS_OF)
    again = intake(load_source("generated"), folder, secret=b"s" * 32, policy=policy, as_of=AS_OF)
    assert all(taken.tables[name].equals(again.tables[name]) for name in taken.tables)
    assert taken.rejected.equals(again.rejected)
    assert taken.files == again.files
