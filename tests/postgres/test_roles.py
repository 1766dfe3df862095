"""The service can add and nothing more; the reader can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import pytest
from sqlalchemy import text

from config.errors import StoreError
from models.store.sealed import RUN_TABLES
from models.store.session import Store, open_store
from models.store.tables import metadata
from models.store.verify import verify_ledger
from tests.models.store.world import PUBLIC, fill, save_results
from tests.postgres.server import Server

pytestmark = pytest.mark.postgres
SCRIPT = (resources.files("models.store") / "postgres_roles.sql").read_text("utf-8")


@pytest.fixture
def app(server: Server, database: str) -> Iterator[Store]:
    """The register opened by a login of evenhand_app."""
    open_store(server.url(database)).close()
    server.psql(database, SCRIPT)
    server.psql(database, SCRIPT)  # again: nothing breaks
    for login, role in (("nightly", "evenhand_app"), ("auditor", "evenhand_reader")):
        server.psql(database, f"DROP ROLE IF EXISTS {login}")
        server.psql(database, f"CREATE ROLE {login} LOGIN IN ROLE {role}")
    with open_store(server.url(database, "nightly")) as store:
        yield store


def test_the_service_does_its_whole_work(app: Store) -> None:
    fill(app)
    with app.unit_of_work() as unit:
        save_results(unit)
        unit.commit()
    assert verify_ledger(app, public_key=PUBLIC) == []


@pytest.mark.parametrize("table", sorted(set(metadata.tables) - set(RUN_TABLES)))
@pytest.mark.parametrize("verb", ["delete from {}", "update {} set {} = null", "drop table {}", "truncate {}"])
def test_the_service_cannot_undo_what_is_recorded(app: Store, table: str, verb: str) -> None:
    first = next(iter(metadata.tables[table].columns)).name
    with pytest.raises(StoreError, match=r"permission denied|must be owner"), app.unit_of_work() as unit:
        unit.connection.execute(text(verb.format(table, first)))


def test_the_reader_reads_and_does_not_write(app: Store, server: Server, database: str) -> None:
    fill(app)
    with open_store(server.url(database, "auditor")) as store:
        assert verify_ledger(store, public_key=PUBLIC) == []
        with pytest.raises(StoreError, match="permission denied"):
            fill(store, "r2")


def test_the_script_knows_every_table_of_runs() -> None:
    named = re.search(r"GRANT DELETE ON ([\w, ]+)", SCRIPT)
    assert named is not None
    assert {name.strip() for name in named[1].split(",")} == set(RUN_TABLES) - {"runs"}
