"""Several writers at once: the chain stays one chain."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.errors import StoreError
from models.store import events, heads, ledger, reads
from models.store.ledger import Entry
from models.store.locks import run_lock
from models.store.session import Store, open_store
from models.store.verify import verify_ledger
from tests.models.store.world import DECISION, KEY, NOON, PUBLIC, run_row


def _write(url: str, writer: int) -> None:
    with open_store(url) as store:
        for number in range(8):
            with store.unit_of_work() as unit:
                entries = [Entry("note", f"{writer}/{number}/{part}", {}) for part in range(3)]
                ledger.append(unit, "journal", entries)
                unit.commit()


def test_four_writers_make_one_chain(store: Store, url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda writer: _write(url, writer), range(4)))
    with store.unit_of_work() as unit:
        heads.sign_heads(unit, KEY, NOON)
        unit.commit()
    with store.snapshot() as snapshot:
        entries = reads.ledger_entries(snapshot, "journal")
    assert entries.height == 4 * 8 * 3
    assert entries["subject"].n_unique() == entries.height
    assert verify_ledger(store, public_key=PUBLIC) == []


def _object(url: str, officer: int) -> None:
    """An officer's own words on one and the same decision, and the look at it that everybody records."""
    with open_store(url) as store:
        for number in range(5):
            with store.unit_of_work() as unit:
                said = DECISION | {"reason": f"{officer} says {number}"}
                events.record_decision(unit, said, recorded_by=f"u{officer}", at=NOON)
                what = {"run_id": "r1", "subject": "plan", "subject_digest": "d" * 64}
                events.record_view(unit, **what, officer="everybody", at=NOON)
                heads.sign_heads(unit, KEY, NOON)
                unit.commit()


def test_four_officers_on_one_decision_lose_no_version(store: Store, url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda officer: _object(url, officer), range(4)))
    with store.snapshot() as snapshot:
        versions = events.decision_versions(snapshot)
        assert versions["version"].to_list() == list(range(1, 21))
        assert versions["reason"].n_unique() == 20
        assert events.views(snapshot).height == 1
    assert verify_ledger(store, public_key=PUBLIC) == []


def test_who_waits_too_long_is_told_that_another_writes(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.store.session.BUSY_MILLISECONDS", 50)
    with open_store(url) as second, store.unit_of_work():
        with pytest.raises(StoreError, match="another run is writing"), second.unit_of_work():
            pass
        with second.snapshot() as snapshot:
            assert reads.runs(snapshot).is_empty()  # who only reads does not wait


def _open(url: str) -> None:
    open_store(url).close()


def test_many_may_open_an_empty_database_at_once(new_url: Callable[[], str]) -> None:
    url = new_url()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_open, [url] * 8))
    with open_store(url, migrate=False) as store, store.snapshot() as snapshot:
        assert reads.runs(snapshot).is_empty()


def _hold_and_die(url: str) -> None:
    from models.store import writes

    with open_store(url) as store, run_lock(store), store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_run_leaves_neither_lock_nor_rows(store: Store, url: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(url,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    with run_lock(store), store.snapshot() as snapshot:
        assert reads.runs(snapshot).is_empty()
        assert ledger.head(snapshot).size == 0
