"""A copy made while the register is in use is the register; a bad one is not left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from config.errors import StoreError
from models.store import ledger
from models.store.backup import backup
from models.store.session import Store, open_store
from models.store.verify import verify_ledger
from tests.models.store.world import PUBLIC, fill, save_results


@pytest.fixture
def full(tmp_path: Path) -> Store:
    store = open_store(f"sqlite:///{tmp_path / 'register.sqlite'}")
    fill(store)
    return store


def test_a_copy_during_a_unit_of_work_is_the_register_before_it(full: Store, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with full.snapshot() as snapshot:
        before = ledger.head(snapshot)
    with full.unit_of_work() as unit:
        save_results(unit, "r2")
        assert backup(full, copy) > 0
        unit.commit()
    with open_store(f"sqlite:///{copy}") as store:
        assert verify_ledger(store, public_key=PUBLIC) == []
        with store.snapshot() as snapshot:
            assert ledger.head(snapshot) == before
    with pytest.raises(StoreError, match="exists already"):
        backup(full, copy)


def test_an_unsound_register_gives_no_copy(full: Store, tmp_path: Path) -> None:
    with full.unit_of_work() as unit:
        unit.connection.execute(text("update ledger set body = '{}' where position = 3"))
        unit.commit()
    with pytest.raises(StoreError, match="not a sound register"):
        backup(full, tmp_path / "copy.sqlite")
    assert not list(tmp_path.glob("*copy*"))


def test_no_place_to_write(full: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no copy was made"):
        backup(full, tmp_path / "absent" / "copy.sqlite")
