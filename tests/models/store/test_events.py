"""Who did what and when: named, with a reason, once, and in versions."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import event

from config.errors import ApprovalRequired, StoreError
from models import records
from models.store import events, ledger
from models.store.canonical import instant
from models.store.session import Store, UnitOfWork
from models.store.verify import verify_ledger
from tests.models.store.world import AS_OF, DECISION, NOON, notices, save_events, save_results

PLAN = {"run_id": "r1", "subject": "plan", "subject_digest": "d" * 64}
CHEN = {"officer": "u17", "name": "Chen Wei", "reason": "quota and draw checked"}


def test_without_a_decision_nothing_is_approved(store: Store) -> None:
    with store.snapshot() as snapshot, pytest.raises(ApprovalRequired, match="awaits a named officer"):
        events.approval(snapshot, "r1", "plan", "d" * 64)


def test_an_approval_is_of_one_digest_and_the_last_word_holds(store: Store) -> None:
    with store.unit_of_work() as unit:
        events.record_approval(unit, **PLAN, outcome="approved", **CHEN, at=NOON)
        assert events.approval(unit, "r1", "plan", "d" * 64)["name"] == "Chen Wei"
        with pytest.raises(ApprovalRequired, match="changed after it was decided on"):
            events.approval(unit, "r1", "plan", "e" * 64)
        later = NOON + timedelta(minutes=1)
        events.record_approval(unit, **PLAN, outcome="refused", **CHEN | {"reason": "pool is old"}, at=later)
        with pytest.raises(ApprovalRequired, match="refused by Chen Wei: pool is old"):
            events.approval(unit, "r1", "plan", "d" * 64)


@pytest.mark.parametrize("field", ["officer", "name", "reason"])
def test_nobody_decides_without_name_and_reason(store: Store, field: str) -> None:
    with store.unit_of_work() as unit, pytest.raises(ApprovalRequired, match=f"{field} is empty"):
        events.record_approval(unit, **PLAN, outcome="approved", **CHEN | {field: " "}, at=NOON)
    with store.unit_of_work() as unit, pytest.raises(ApprovalRequired, match=f"{field} is empty"):
        events.record_override(unit, run_id="r1", subject="s", before="", after="", **CHEN | {field: ""}, at=NOON)


def test_an_outcome_is_one_of_two(store: Store) -> None:
    with store.unit_of_work() as unit, pytest.raises(ValueError, match="approved or refused"):
        events.record_approval(unit, **PLAN, outcome="perhaps", **CHEN, at=NOON)


def test_the_same_events_again_are_the_same_events(store: Store) -> None:
    with store.unit_of_work() as unit:
        save_results(unit)
        save_events(unit)
        before = ledger.head(unit, "journal")
        save_events(unit)
        assert ledger.head(unit, "journal").size == before.size + 2  # the decision went back and forth again
        assert events.record_notices(unit, notices("r1"), NOON + timedelta(days=1)) == 0
        assert events.approvals(unit).height == 2
        assert events.views(unit).height == 2
        assert events.overrides(unit).height == 2
        assert events.notices(unit)["effect_on"].unique().to_list() == [date(2026, 5, 31)]
        assert events.proposed_records(unit).height == 2
        unit.commit()
    assert verify_ledger(store) == []


def test_many_notices_are_looked_up_together(store: Store) -> None:
    count = 2 * ledger.CHUNK + 1
    with store.unit_of_work() as unit:
        asked = _statements(unit)
        told = notices("r1", count)
        assert events.record_notices(unit, pl.concat([told, told.head(3)]), NOON) == count
        assert len(asked) < 30
        assert events.record_notices(unit, told, NOON + timedelta(days=1)) == 0
        assert ledger.head(unit, "journal").size == count
        unit.commit()
    assert verify_ledger(store) == []


def _statements(unit: UnitOfWork) -> list[str]:
    """Every statement sent from now on."""
    asked: list[str] = []
    event.listen(unit.connection, "before_cursor_execute", lambda *told: asked.append(told[2]))
    return asked


def test_a_decision_is_kept_in_every_version(store: Store) -> None:
    decided = DECISION | {"decided_on": AS_OF, "outcome": "upheld"}
    with store.unit_of_work() as unit:
        for day, row in enumerate((DECISION, DECISION, decided)):
            events.record_decision(unit, row, recorded_by="u17", at=NOON + timedelta(days=day))
        versions = events.decision_versions(unit)
        assert versions["version"].to_list() == [1, 2]
        assert versions["outcome"].to_list() == [None, "upheld"]
        assert events.decisions(unit).schema == records.DECISIONS
        assert events.decisions(unit)["outcome"].to_list() == ["upheld"]
        then = (NOON + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert events.decisions(unit, known_by=then)["outcome"].to_list() == [None]
        assert events.decisions(unit, known_by="2026-04-30").is_empty()
        with pytest.raises(StoreError, match="no column colour"):
            events.record_decision(unit, DECISION | {"colour": "red"}, recorded_by="u17", at=NOON)


def test_another_secret_is_refused_until_it_is_rotated(store: Store) -> None:
    with store.unit_of_work() as unit:
        events.expect_secret(unit, b"a" * 32, NOON)
        events.expect_secret(unit, b"a" * 32, NOON + timedelta(days=1))
        assert ledger.head(unit, "journal").size == 1
        with pytest.raises(StoreError, match="links would come apart"):
            events.expect_secret(unit, b"b" * 32, NOON)
        events.expect_secret(unit, b"b" * 32, NOON, rotate=True)
        events.expect_secret(unit, b"b" * 32, NOON)
        with pytest.raises(StoreError, match="rotate it"):
            events.expect_secret(unit, b"a" * 32, NOON)
        assert "aaa" not in str(ledger.latest(unit, "journal", "person_secret", "current"))


def test_what_is_logged_again_keeps_its_first_moment(store: Store) -> None:
    with store.unit_of_work() as unit:
        assert events.first_logged(unit, "run_finished", "r1") is None
        for hour in range(3):
            events.log_event(unit, "run_finished", "r1", NOON + timedelta(hours=hour))
        assert events.first_logged(unit, "run_finished", "r1") == instant(NOON)
