"""Whatever is changed, taken away or slipped in behind the ledger's back is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, text

from config.errors import StoreError
from models.store import events, heads, ledger
from models.store.session import Store
from models.store.tables import metadata
from models.store.verify import Problem, verify_ledger
from tests.models.store.world import KEY, NOON, PUBLIC, fill

CHAINED = sorted(metadata.tables)
COLUMNS = [(table, column.name) for table in CHAINED for column in metadata.tables[table].columns]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled SQLite register, to be copied."""
    from models.store.session import open_store

    path = tmp_path_factory.mktemp("verify") / "full.sqlite"
    with open_store(f"sqlite:///{path}") as store:
        fill(store)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Iterator[Store]:
    from models.store.session import open_store

    path = tmp_path / "copy.sqlite"
    path.write_bytes(template.read_bytes())
    with open_store(f"sqlite:///{path}") as store:
        yield store


def _problems(store: Store) -> list[Problem]:
    return verify_ledger(store, public_key=PUBLIC)


def _behind_its_back(store: Store, *statements: str, **values: Any) -> int:
    """Run SQL without the rules of the house; how many rows the last statement touched."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        touched = 0
        for statement in statements:
            touched = connection.execute(text(statement), values).rowcount
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    return touched


def _first_row(table: str) -> str:
    return f'rowid = (select min(rowid) from "{table}")'


def test_nothing_is_found_where_nothing_was_done(full: Store) -> None:
    assert _problems(full) == []


def test_every_table_is_under_the_ledger(copy: Store) -> None:
    """The tests below try every table: each has rows to try."""
    with copy.engine.connect() as connection:
        for table in CHAINED:
            assert connection.execute(text(f'select count(*) from "{table}"')).scalar_one() > 0, table


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_cell_is_found(copy: Store, table: str, column: str) -> None:
    changed = _changed(metadata.tables[table], column)
    assert _behind_its_back(copy, f'update "{table}" set "{column}" = {changed} where {_first_row(table)}') == 1
    assert _problems(copy) != []


def _changed(table: Table, column: str) -> str:
    kind = str(table.columns[column].type)
    if kind == "BIGINT":
        return f'coalesce("{column}", 0) + 1000'
    if kind == "DATE":
        return f"case when \"{column}\" = '1999-12-31' then '1999-12-30' else '1999-12-31' end"
    if column in ("gates", "inspectors", "dimensions", "reasons"):
        return f"""case when "{column}" = '{{"v":[]}}' then null else '{{"v":[]}}' end"""
    return f"coalesce(\"{column}\", '') || 'x'"


@pytest.mark.parametrize("table", CHAINED)
def test_a_row_taken_away_is_found(copy: Store, table: str) -> None:
    assert _behind_its_back(copy, f'delete from "{table}" where {_first_row(table)}') == 1
    assert _problems(copy) != []


@pytest.mark.slow
@pytest.mark.parametrize("table", CHAINED)
def test_all_rows_taken_away_are_found(copy: Store, table: str) -> None:
    assert _behind_its_back(copy, f'delete from "{table}"') > 0
    assert _problems(copy) != []


@pytest.mark.parametrize("table", CHAINED)
def test_a_row_slipped_in_is_found(copy: Store, table: str) -> None:
    columns = metadata.tables[table].columns
    key = [column.name for column in columns if column.primary_key]
    words = (
        _changed(metadata.tables[table], column.name) if column.name in key else f'"{column.name}"'
        for column in columns
    )
    names = ", ".join(f'"{column.name}"' for column in columns)
    statement = f'insert into "{table}" ({names}) select {", ".join(words)} from "{table}" where {_first_row(table)}'
    assert _behind_its_back(copy, statement) == 1
    assert _problems(copy) != []


@pytest.mark.parametrize("column", ["kind", "subject", "body"])
def test_a_forger_who_recomputes_every_hash_is_found_by_the_signature(copy: Store, column: str) -> None:
    _behind_its_back(copy, f"update ledger set {column} = replace({column}, 'r', 'R') where log = 'results'")
    with copy.engine.connect() as connection:
        rows = connection.execute(text("select * from ledger where log = 'results' order by position")).mappings().all()
    previous = ""
    for row in rows:
        leaf = ledger.leaf_hash("results", row["kind"], row["subject"], row["body"], previous)
        where = "where log = 'results' and position = :position"
        values = {"leaf": leaf, "previous": previous, "position": row["position"]}
        _behind_its_back(copy, f"update ledger set leaf = :leaf, previous = :previous {where}", **values)
        previous = leaf
    said = [problem.message for problem in _problems(copy) if problem.kind == "head"]
    assert any("does not begin with the log that was signed" in message for message in said)


def test_a_log_cut_off_with_its_heads_is_found_by_the_anchor(copy: Store, tmp_path: Path) -> None:
    """Inside the database nothing shows when the whole journal after a signed head goes: the anchor outside does."""
    with copy.snapshot() as snapshot:
        size = ledger.head(snapshot, "journal").size
    with copy.unit_of_work() as unit:
        events.log_event(unit, "run_finished", "r2", NOON + timedelta(days=1))
        heads.sign_heads(unit, KEY, NOON + timedelta(days=1))
        unit.commit()
    with copy.snapshot() as snapshot:
        heads.write_anchor(snapshot, tmp_path / "anchor.json")
    anchors = heads.read_anchor(tmp_path / "anchor.json")
    assert verify_ledger(copy, public_key=PUBLIC, anchors=anchors) == []
    for table, column in (("ledger", "position"), ("tree_heads", "size")):
        _behind_its_back(copy, f"delete from {table} where log = 'journal' and {column} > {size}")
    assert _problems(copy) == []
    (problem,) = verify_ledger(copy, public_key=PUBLIC, anchors=anchors)
    assert str(problem) == f"anchor journal/{size + 1}: the log has {size} entries: entries are missing"


def test_another_key_is_not_ours(full: Store) -> None:
    said = [problem.message for problem in verify_ledger(full, public_key="0" * 64)]
    assert len(said) == 2
    assert all(message.startswith("signed by another key") for message in said)


def test_entries_without_a_signature_are_named(full: Store) -> None:
    with full.unit_of_work() as unit:
        events.log_event(unit, "run_started", "r2", NOON)
        unit.commit()
    assert [problem.message for problem in _problems(full)] == ["the last entries are under no signed head"]
    assert verify_ledger(full) == []


def test_a_register_that_cannot_be_reached_is_an_error_not_a_finding(copy: Store) -> None:
    _behind_its_back(copy, "drop table ledger")
    with pytest.raises(StoreError):
        _problems(copy)


def test_looking_at_the_evidence_is_signed_with_the_next_decision(full: Store) -> None:
    view = {"run_id": "r1", "subject": "run", "subject_digest": "d", "officer": "u17"}
    with full.unit_of_work() as unit:
        events.record_view(unit, **view, at=NOON + timedelta(days=2))
        unit.commit()
    assert _problems(full) == []
    with full.unit_of_work() as unit:
        events.record_override(unit, run_id="r1", subject="x", before="a", after="b", officer="u17", name="Li",
                               reason="r", at=NOON + timedelta(days=2))  # fmt: skip
        unit.commit()
    assert [problem.message for problem in _problems(full)] == ["the last entries are under no signed head"]
