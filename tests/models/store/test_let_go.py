"""Rows of an old run that nobody acted on: they may go, their seals stay, and whatever is amiss is still found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest
from sqlalchemy import text

from models.store import events, heads, reads, writes
from models.store.let_go import idle_rows, let_go, let_rows_go
from models.store.recompute import verify_run
from models.store.session import Store, UnitOfWork
from models.store.touched import runs_touched
from models.store.verify import verify_ledger
from tests.models.store.world import DECISION, KEY, LEFT_OUT, NOON, PROPOSED, PUBLIC, notices, ratings, save_results

WHO: dict[str, Any] = {"officer": "u17", "name": "Chen Wei", "reason": "looked through", "at": NOON}
OF_RUN = {"run_id": "r1", "subject": "plan"}


@pytest.fixture
def two_runs(store: Store) -> Store:
    """Two runs of one source; on neither has anybody acted."""
    with store.unit_of_work() as unit:
        for run_id in ("r1", "r2"):
            save_results(unit, run_id)
        events.record_decision(unit, DECISION, recorded_by="u17", at=NOON)
        heads.sign_heads(unit, KEY, NOON)
        unit.commit()
    return store


@pytest.fixture
def emptied(two_runs: Store) -> Store:
    with two_runs.unit_of_work() as unit:
        assert let_rows_go(unit, "r1", NOON) == {"ratings": 3, "left_out": 2}
        heads.sign_heads(unit, KEY, NOON)
        unit.commit()
    return two_runs


def test_rows_go_and_their_seals_stay(emptied: Store) -> None:
    with emptied.snapshot() as snapshot:
        assert reads.ratings(snapshot, "r1").is_empty()
        assert reads.left_out(snapshot, "r1").is_empty()
        assert reads.planned_visits(snapshot, "r1").height == 2
        assert reads.ratings(snapshot, "r2").height == 3
        assert let_go(snapshot, "r1") == {"ratings", "left_out"}
        assert idle_rows(snapshot, "r1") == {}
    assert verify_ledger(emptied, public_key=PUBLIC) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda unit: events.record_approval(unit, **OF_RUN, subject_digest="d", outcome="refused", **WHO),
        lambda unit: events.record_override(unit, run_id="r1", subject="visit:v1", before="a", after="b", **WHO),
        lambda unit: events.record_notices(unit, notices("r1"), NOON),
        lambda unit: events.propose_records(
            unit, pl.DataFrame(list(PROPOSED)), run_id="r1", form_sha256="e", officer="u17", at=NOON
        ),
    ],
)
def test_what_somebody_acted_on_stays(two_runs: Store, act: Callable[[UnitOfWork], object]) -> None:
    with two_runs.unit_of_work() as unit:
        act(unit)
        assert let_rows_go(unit, "r1", NOON) == {}
        assert let_rows_go(unit, "r2", NOON) == {"ratings": 3, "left_out": 2}
        assert reads.ratings(unit, "r1").height == 3


def test_the_same_run_again_brings_the_rows_back_and_they_may_go_again(emptied: Store) -> None:
    with emptied.unit_of_work() as unit:
        before = reads.ledger_entries(unit, "results").height
        save_results(unit, "r1")
        assert reads.ledger_entries(unit, "results").height == before
        assert reads.ratings(unit, "r1").equals(reads.ratings(unit, "r2"))
        unit.commit()
    assert verify_ledger(emptied, public_key=PUBLIC) == []
    with emptied.unit_of_work() as unit:
        assert let_rows_go(unit, "r1", NOON) == {"ratings": 3, "left_out": 2}
        heads.sign_heads(unit, KEY, NOON)
        unit.commit()
    assert verify_ledger(emptied, public_key=PUBLIC) == []


def _problems_after(store: Store, statement: str) -> list[str]:
    with store.unit_of_work() as unit:
        unit.connection.execute(text(statement))
        unit.commit()
    return [str(problem) for problem in verify_ledger(store, public_key=PUBLIC)]


def test_rows_taken_away_without_a_word_or_put_back_otherwise_are_found(emptied: Store) -> None:
    assert _problems_after(emptied, "delete from left_out where run_id = 'r2'")[0].startswith("rows left_out of run r2")
    with emptied.unit_of_work() as unit:
        save_results(unit, "r1")
        unit.commit()
    said = _problems_after(emptied, "delete from ratings where run_id = 'r1' and enterprise_id = 'cn:000001'")
    assert any(line.startswith("rows ratings of run r1") for line in said)


def test_a_run_done_again_is_held_against_the_seal(emptied: Store) -> None:
    def again(arguments: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
        return {"ratings": ratings().reverse(), "left_out": LEFT_OUT}

    assert verify_run(emptied, "r1", again).reproduced
    check = verify_run(emptied, "r1", lambda arguments: {"ratings": ratings(4), "left_out": LEFT_OUT})
    assert [(found.table, found.column) for found in check.differences] == [("ratings", "digest"), ("ratings", "rows")]
    assert str(check.differences[1]) == "ratings r1 (rows let go): rows was 3, is now 4"
    assert check.counts == {"ratings": 2, "left_out": 0}


def test_a_revoked_record_may_have_reached_a_run_whose_rows_are_gone(emptied: Store) -> None:
    with emptied.snapshot() as snapshot:
        found = runs_touched(snapshot, "cn:000001", "tax:1", date(2026, 4, 1))
        assert found.select("run_id", "tier", "named_as_reason").rows() == [("r1", None, None), ("r2", "B", True)]
        assert runs_touched(snapshot, "cn:999999", "tax:1", date(2026, 4, 1)).is_empty()
    with emptied.unit_of_work() as unit:
        writes.save_ratings(unit, "r2", ratings(1))  # another source's firm
        assert runs_touched(unit, "cn:000001", "tax:1", date(2026, 4, 1)).is_empty()
