"""One unit of work is everything or nothing, and what goes wrong is said with its remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from config.errors import StoreError
from models.store import ledger, reads, writes
from models.store.locks import run_lock
from models.store.session import Store, UnitOfWork, open_store
from tests.models.store.world import ratings, run_row


def _runs(store: Store) -> int:
    with store.snapshot() as snapshot:
        return reads.runs(snapshot).height


def _write_and_stop(unit: UnitOfWork) -> None:
    writes.save_run(unit, run_row())
    raise StoreError("decides to stop")


def test_what_is_not_committed_is_rolled_back(store: Store) -> None:
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
    assert _runs(store) == 0
    with pytest.raises(StoreError, match="decides to stop"), store.unit_of_work() as unit:
        _write_and_stop(unit)
    assert _runs(store) == 0


def test_committed_lasts_beyond_the_store(store: Store, url: str) -> None:
    with store.unit_of_work() as unit:
        writes.save_run(unit, run_row())
        unit.commit()
    with open_store(url) as again:
        assert _runs(again) == 1


def test_after_commit_the_unit_is_closed(store: Store) -> None:
    with store.unit_of_work() as unit:
        unit.commit()
        with pytest.raises(StoreError, match="unit of work is closed"):
            writes.save_run(unit, run_row())


def test_results_need_their_run_first(store: Store) -> None:
    with pytest.raises(StoreError, match="Nothing was written"), store.unit_of_work() as unit:
        writes.save_ratings(unit, "unknown", ratings())
    with store.snapshot() as snapshot:
        assert ledger.head(snapshot).size == 0


def test_a_snapshot_is_of_one_moment(store: Store) -> None:
    with store.snapshot() as snapshot:
        assert reads.runs(snapshot).height == 0
        with store.unit_of_work() as unit:
            writes.save_run(unit, run_row())
            unit.commit()
        assert reads.runs(snapshot).height == 0
    assert _runs(store) == 1


def test_a_snapshot_does_not_write(store: Store) -> None:
    with pytest.raises(StoreError, match=r"read-?only"), store.snapshot() as snapshot:
        snapshot.connection.execute(text("delete from runs"))


def test_only_one_night_at_a_time(store: Store, url: str) -> None:
    with open_store(url) as second:
        with run_lock(store):
            with pytest.raises(StoreError, match="another run is at work"), run_lock(second):
                pass
            with run_lock(second, "something else"):
                pass
        with run_lock(second):
            pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("no url", "not a database URL"),
        ("mysql://host/base", "no support for mysql"),
        ("postgresql://nobody:hush@127.0.0.1:1/nowhere", "see that the database runs"),
    ],
)
def test_a_wrong_address_says_what_to_do(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    assert "hush" not in str(caught.value)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "evenhand.sqlite"
    broken.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError, match="restore the latest backup"):
        open_store(f"sqlite:///{broken}")


def test_a_locked_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.store.session.BUSY_MILLISECONDS", 50)
    with open_store(f"sqlite:///{tmp_path / 'a.sqlite'}") as store:
        other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another run is writing"), store.unit_of_work():
            pass
        other.close()


def test_sqlite_is_set_up_to_last(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'a.sqlite'}") as store, store.snapshot() as snapshot:
        said = {name: snapshot.connection.execute(text(f"PRAGMA {name}")).scalar_one() for name in PRAGMAS}
    assert said == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_register_in_memory_works() -> None:
    with open_store("sqlite://") as store, run_lock(store):
        assert _runs(store) == 0
