"""Migrations both ways, model equal to migration, a newer database refused."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from config.errors import StoreError
from models.store import schema
from models.store.session import Store, change_schema, open_store
from models.store.tables import metadata
from tests.models.store.world import fill


def _tables(store: Store) -> set[str]:
    return set(inspect(store.engine).get_table_names()) - {"alembic_version"}


def test_migrations_make_exactly_the_tables_of_the_model(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_up_down_and_up_again(store: Store) -> None:
    assert _tables(store) == set(metadata.tables)
    change_schema(store, lambda connection: schema.downgrade(connection, "base"))
    assert _tables(store) == set()
    change_schema(store, schema.upgrade)
    assert _tables(store) == set(metadata.tables)
    fill(store)


def test_a_failing_migration_leaves_nothing(store: Store) -> None:
    change_schema(store, lambda connection: schema.downgrade(connection, "base"))

    def stumble(connection: Connection) -> None:
        schema.upgrade(connection)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        change_schema(store, stumble)
    assert _tables(store) == set()


def test_a_database_of_a_newer_program_is_refused(store: Store, url: str) -> None:
    with store.unit_of_work() as unit:
        unit.connection.execute(text("update alembic_version set version_num = '9999'"))
        unit.commit()
    with pytest.raises(StoreError, match=r"at schema 9999, this program knows only up to \d{4}.*Remedy"):
        open_store(url)


def test_without_migration_an_empty_database_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="not at this program's schema"):
        open_store(url, migrate=False)


def test_opening_again_changes_nothing(url: str, full: Store) -> None:
    with open_store(url, migrate=False) as again:
        assert _tables(again) == set(metadata.tables)
