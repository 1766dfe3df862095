from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import UsageError
from config.policy import load_policy
from exports.register_nights import write_delta
from exports.registers import write_registers
from models.intake import intake, load_source
from models.synthetic.nights import world_on
from models.synthetic.population import one_chunk

AS_OF = date(2026, 6, 30)
N, NIGHTS = 3000, 5
LAST = AS_OF + timedelta(days=NIGHTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nights") / "out"
    write_registers(out, N, 3, AS_OF)
    for night in range(1, NIGHTS + 1):
        write_delta(out, AS_OF + timedelta(days=night))
    return out


def test_base_and_nights_read_together_are_the_world_of_the_last_day(folder: Path) -> None:
    """Tables as intake reads them against the population told as of the last day."""
    policy = load_policy("market").at(LAST)
    read = intake(load_source("generated"), folder, secret=b"s" * 32, policy=policy, as_of=LAST).tables
    told = one_chunk(world_on(N, 3, AS_OF, LAST), 0, N).tables
    shown = ["record_id", "enterprise_id", "item", "act_date", "known_on", "severity", "amount", "corrected_on"]
    clean = read["records"].join(told["records"], on="record_id", how="semi").select(shown).sort("record_id")
    assert_frame_equal(clean, told["records"].select(shown).sort("record_id"))
    for table, key in (("decisions", "decision_id"), ("listings", "reference")):
        order = [key, "enterprise_id"]
        assert_frame_equal(read[table].sort(order), told[table].sort(order), check_column_order=False)


def test_a_night_brings_new_and_changed_rows(folder: Path) -> None:
    path = folder / "labour/acts_20260630_001.csv"
    base = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy")
    later = pl.concat(pl.read_csv(path, infer_schema=False) for path in sorted(folder.glob("labour/acts_2026070*.csv")))
    known = later["act_no"].is_in(base["act_no"].implode())
    assert 0 < known.sum() < later.height
    new = later.filter(~known & ~later["act_no"].str.contains("-"))
    assert set(new["published_on"]) <= {str(AS_OF + timedelta(days=night)) for night in range(1, NIGHTS + 1)}


def test_a_night_written_twice_is_the_same_and_leaves_no_traces(folder: Path) -> None:
    def digests() -> dict[str, str]:
        text = [p for p in folder.rglob("*") if p.is_file() and p.suffix != ".xlsx"]
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in text}

    before = digests()
    write_delta(folder, AS_OF + timedelta(days=2))
    assert digests() == before
    assert not list(folder.glob(".night*"))


@pytest.mark.parametrize("day", [AS_OF, AS_OF - timedelta(days=1), AS_OF + timedelta(days=4000)])
def test_a_day_outside_the_future_is_refused(folder: Path, day: date) -> None:
    with pytest.raises(UsageError):
        write_delta(folder, day)


def test_a_folder_that_was_not_generated_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"generated\.json"):
        write_delta(tmp_path, LAST)
