"""What goes in comes out, the same thing twice changes nothing, and big tables load fast."""

from __future__ import annotations

import time
from collections.abc import Callable

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import StoreError
from models import records
from models.store import ledger, reads, writes
from models.store.session import Store, open_store
from models.store.verify import verify_ledger
from tests.models.store.world import (
    BIDS,
    FILES,
    LEFT_OUT,
    REJECTED,
    File,
    fill,
    frame,
    ratings,
    run_row,
    save_results,
    visits,
)


def test_everything_comes_back_as_it_went_in(full: Store) -> None:
    with full.snapshot() as snapshot:
        assert_frame_equal(reads.ratings(snapshot, "r1"), ratings())
        assert_frame_equal(reads.planned_visits(snapshot, "r1"), visits())
        assert_frame_equal(reads.left_out(snapshot, "r1"), LEFT_OUT)
        assert_frame_equal(reads.rejected(snapshot, "r1"), REJECTED.sort("row"))
        assert_frame_equal(reads.bid_scores(snapshot, "r1"), BIDS)
        assert reads.inputs(snapshot, "r1")["sha256"].to_list() == ["b" * 64, "a" * 64]
        plan = reads.plan(snapshot, "r1")
        assert plan is not None
        assert plan["figures"] == {"quota": [{"tier": "A", "wanted": 2, "planned": 2}]}
        assert reads.draws(snapshot, "r1")["340100"]["drawn"] == ["cn:000000"]
        assert set(reads.tenders(snapshot, "r1")) == {"t1", "t2"}
        assert reads.exports(snapshot, "r1") == {"rosters/340100.xlsx": "1" * 64, "report.html": "2" * 64}
        assert reads.run(snapshot, "r1")["pack"] == "market"
        one = reads.rating(snapshot, "r1", "cn:000001")
        assert one is not None
        assert one["gates"] == ["tax_veto", "court_defaulters"]


def test_the_same_run_again_changes_nothing(full: Store) -> None:
    with full.snapshot() as snapshot:
        before = ledger.head(snapshot), reads.input_files(snapshot)
    with full.unit_of_work() as unit:
        save_results(unit)
        unit.commit()
    with full.snapshot() as snapshot:
        assert ledger.head(snapshot) == before[0]
        assert_frame_equal(reads.input_files(snapshot), before[1])


def test_row_order_and_chunks_do_not_matter(full: Store) -> None:
    shuffled = pl.concat([ratings()[2:], ratings()[:2]], rechunk=False)
    with full.unit_of_work() as unit:
        before = ledger.head(unit)
        writes.save_ratings(unit, "r1", shuffled)
        assert ledger.head(unit) == before


def test_the_same_file_twice_is_one_input(store: Store) -> None:
    renamed = File("tax/again.csv", "a" * 64, 12, 10, 2)
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row("r1"))
        writes.save_run(unit, run_row("r2"))
        assert writes.save_inputs(unit, "r1", "generated", FILES) == 2
        assert writes.save_inputs(unit, "r2", "generated", (*FILES, renamed)) == 0
        assert writes.save_inputs(unit, "r2", "elsewhere", FILES) == 2
        assert reads.input_files(unit).height == 4


def test_a_result_that_changed_replaces_the_old_one_and_says_so(full: Store) -> None:
    fewer = ratings()[:2]
    with full.unit_of_work() as unit:
        size = ledger.head(unit).size
        writes.save_ratings(unit, "r1", fewer)
        assert ledger.head(unit).size == size + 1
        assert_frame_equal(reads.ratings(unit, "r1"), fewer)
        writes.save_ratings(unit, "r1", ratings())  # and back again
        assert ledger.head(unit).size == size + 2
        unit.commit()
    assert verify_ledger(full) == []


def test_a_newer_program_updates_its_run(full: Store) -> None:
    with full.unit_of_work() as unit:
        writes.save_run(unit, run_row(program="newer"))
        unit.commit()
    with full.snapshot() as snapshot:
        assert reads.run(snapshot, "r1")["program"] == "newer"
    assert verify_ledger(full) == []


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ratings().drop("tier"), "ratings: the frame lacks tier"),
        (ratings().with_columns(score=pl.lit("many")), "ratings: a column does not fit"),
        (pl.concat([ratings(), ratings()]), "enterprise_id to be unique"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(store: Store, broken: pl.DataFrame, message: str) -> None:
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        with pytest.raises(StoreError, match=message):
            writes.save_ratings(unit, "r1", broken)


def test_empty_results_are_results(store: Store) -> None:
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        writes.save_ratings(unit, "r1", records.empty(records.RATINGS))
        unit.commit()
    with store.snapshot() as snapshot:
        assert reads.ratings(snapshot, "r1").is_empty()
    assert verify_ledger(store) == []


def test_awkward_text_survives(store: Store) -> None:
    awkward = ["", '=HYPERLINK("x")', 'a,b;"c"', "line\nbreak", "\\N", "浙江省 杭州市 🙂", " pad ", "tab\there", "null"]
    values = [*awkward, None]
    rows = frame(records.REJECTED, *({"file": "f", "row": row, "value": value} for row, value in enumerate(values)))
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        writes.save_rejected(unit, "r1", rows)
        assert reads.rejected(unit, "r1")["value"].to_list() == values


def test_twenty_thousand_ratings_load_in_a_second_of_work(store: Store) -> None:
    many = ratings(20_000)
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        start = time.process_time()
        writes.save_ratings(unit, "r1", many)
        unit.commit()
    assert time.process_time() - start < 1.0


def test_the_head_of_a_run_does_not_know_its_neighbours(new_url: Callable[[], str]) -> None:
    heads = []
    for runs in (("r1",), ("r0", "r1"), ("r1", "r2")):
        with open_store(new_url()) as store:
            for run_id in runs:
                fill(store, run_id)
            with store.snapshot() as snapshot:
                heads.append(ledger.run_head(snapshot, "r1"))
    assert len(set(heads)) == 1


def test_an_unknown_run_is_named(store: Store) -> None:
    with store.snapshot() as snapshot:
        for ask in (reads.run, ledger.run_head):
            with pytest.raises(StoreError, match="no run r9"):
                ask(snapshot, "r9")
        with pytest.raises(StoreError, match="no table nonsense"):
            reads.run_rows(snapshot, "nonsense", "r9")
        assert reads.plan(snapshot, "r9") is None
        assert reads.rating(snapshot, "r9", "cn:1") is None
