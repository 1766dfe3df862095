"""On PostgreSQL many rows go in by COPY, not by one INSERT each."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import event

from models.store import reads, writes
from models.store.session import open_store
from tests.models.store.world import ratings, run_row
from tests.postgres.server import Server

pytestmark = pytest.mark.postgres


def test_ratings_are_copied(server: Server, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    plain = psycopg.Cursor.copy
    monkeypatch.setattr(psycopg.Cursor, "copy", lambda self, said, *a, **k: copied.append(said) or plain(self, said))
    executed: list[str] = []
    with open_store(server.url(database)) as store:
        event.listen(store.engine, "before_cursor_execute", lambda *given: executed.append(given[2]))
        with store.unit_of_work() as unit:
            writes.save_run(unit, run_row())
            writes.save_ratings(unit, "r1", ratings())
            unit.commit()
        with store.snapshot() as snapshot:
            assert reads.ratings(snapshot, "r1").equals(ratings().sort("enterprise_id"))
    assert [said.split()[1] for said in copied] == ['"ratings"']
    assert not any("INSERT INTO ratings" in said for said in executed)
