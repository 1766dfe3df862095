"""A run as it really is, with what people did to it: every row of every table and every delivered file, one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Connection, text

from config.settings import Settings
from flows.approve import approve
from flows.redress_commands import file_request, grant_relief
from flows.register import file_digests
from flows.run import FinishedRun, restored
from flows.signed import signed
from models.records import RECORDS
from models.store import events, heads
from models.store.recompute import verify_files
from models.store.session import Store, open_store
from models.store.tables import metadata
from models.store.verify import verify_ledger
from tests.flows.finished import finished_run
from tests.models.store.test_verify import _changed

pytestmark = pytest.mark.slow
OFFICER = {"officer": "u17", "name": "Li Wei", "reason": "checked"}
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A small run with an approval, notices, decisions, an override, a view of the evidence, a returned visit."""
    settings = finished_run(tmp_path_factory.mktemp("tamper"), 40, tenders=True)
    run = restored(settings)
    approve(settings, run.run_id, **OFFICER)
    record = pl.read_parquet(run.work / "intake" / "records.parquet").sort("record_id").row(0, named=True)
    file_request(settings, "objection", record["record_id"], "not ours", "u17", date(2026, 11, 2), [])
    window = (date(2026, 7, 1), date(2026, 7, 9))
    grant_relief(settings, {"region": "210602", "industry": None, "item": None}, window, "flood", "u17", window[1])
    proposed = pl.DataFrame([record | {"record_id": "inspection:1"}], schema=RECORDS).with_columns(visit_id=pl.lit("v"))
    with open_store(settings.database) as store, signed(settings, store) as unit:
        subject = {"run_id": run.run_id, "subject": f"enterprise:{record['enterprise_id']}"}
        events.record_view(unit, **subject, subject_digest="d", officer="u17", at=NOW)
        events.record_override(unit, **subject, before="A", after="B", **OFFICER, at=NOW)
        events.propose_records(unit, proposed, run_id=run.run_id, form_sha256="f", officer="u17", at=NOW)
    return run


@pytest.fixture(scope="module")
def settings(run: FinishedRun) -> Settings:
    return run.context.settings


@pytest.fixture(scope="module")
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.database) as opened:
        yield opened


def found(store: Store, settings: Settings) -> list[str]:
    """What the ledger has to say, in words."""
    key = heads.public_key(heads.signing_key(settings.root / "ledger.key"))
    return [str(problem) for problem in verify_ledger(store, public_key=key)]


def write(store: Store, statement: str, **values: Any) -> None:
    """SQL behind the ledger's back."""

    def run(connection: Connection) -> None:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.execute(text(statement), values)
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")

    with store.engine.connect() as connection:
        run(connection)


def rows(store: Store, table: str) -> list[int]:
    with store.engine.connect() as connection:
        return [row for (row,) in connection.execute(text(f'select rowid from "{table}" order by rowid'))]


def column_of(table: str, row: int) -> str:
    """Another column for every row, the same on every machine."""
    columns = [column.name for column in metadata.tables[table].columns]
    return columns[hashlib.blake2b(f"{table}|{row}".encode(), digest_size=2).digest()[0] % len(columns)]


def test_nothing_is_found_before(store: Store, settings: Settings, run: FinishedRun) -> None:
    assert found(store, settings) == []
    assert verify_files(store, run.run_id, delivered(run)) == []


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_row_of_every_table(store: Store, settings: Settings, table: str) -> None:
    tried = rows(store, table)
    assert tried, f"{table} has no row to try"
    columns = ", ".join(f'"{column.name}"' for column in metadata.tables[table].columns)
    for row in tried:
        column = column_of(table, row)
        with store.engine.connect() as connection:
            before = connection.execute(text(f'select {columns} from "{table}" where rowid = {row}')).mappings().one()
        write(
            store, f'update "{table}" set "{column}" = {_changed(metadata.tables[table], column)} where rowid = {row}'
        )
        said = found(store, settings)
        write(store, f'update "{table}" set "{column}" = :before where rowid = {row}', before=before[column])
        assert said, f"{table}, row {row}, {column}: not found"
        assert any(named(table, dict(before), line) for line in said), (table, row, column, said[:3])
    assert found(store, settings) == []


def named(table: str, row: dict[str, Any], line: str) -> bool:
    """Whether a finding says where: the table, or for the logs and their heads which log."""
    return row["log"] in line if table in ("ledger", "tree_heads") else table in line


def delivered(run: FinishedRun) -> dict[str, str]:
    """Digest of every file as it lies in the run's folder."""
    files = file_digests(run.context.out)
    return {name: sha for name, sha in files.items() if not Path(name).name.startswith(".")}


def test_every_delivered_file(store: Store, run: FinishedRun) -> None:
    names = sorted(delivered(run))
    assert len(names) > 5
    for name in names:
        path = run.context.out / name
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        (changed,) = verify_files(store, run.run_id, delivered(run))
        path.unlink()
        (gone,) = verify_files(store, run.run_id, delivered(run))
        path.write_bytes(content)
        assert name in str(changed)
        assert "is not the file that was registered" in str(changed)
        assert name in str(gone)
        assert "is gone" in str(gone)
    assert verify_files(store, run.run_id, delivered(run)) == []
    stranger = run.context.out / "rosters" / "slipped-in.xlsx"
    stranger.write_bytes(b"x")
    (foreign,) = verify_files(store, run.run_id, delivered(run))
    stranger.unlink()
    assert "slipped-in.xlsx is not of run" in str(foreign).replace(": ", " ")
