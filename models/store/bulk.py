"""Many rows at once: driver tuples on SQLite, COPY on PostgreSQL; rows back as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, Table, select

from config.errors import StoreError
from models.store.frames import flatten, from_rows

CHUNK = 100_000


def insert_frame(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    """Append the rows of a frame whose columns are columns of the table."""
    if frame.is_empty():
        return
    flat = flatten(frame)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, flat)
    else:
        _executemany(connection, table, flat)


def _executemany(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    days = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    plain = frame.with_columns(pl.col(days).dt.to_string("%Y-%m-%d"))
    names = ", ".join(f'"{name}"' for name in frame.columns)
    marks = ", ".join("?" * frame.width)
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'
    for chunk in plain.iter_slices(CHUNK):
        connection.exec_driver_sql(statement, chunk.rows())


def _copy(connection: Connection, table: Table, frame: pl.DataFrame) -> None:
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if frame.select(pl.any_horizontal(pl.col(text).str.contains("\0", literal=True).any())).item():
        raise StoreError(f"{table.name}: text with a zero byte.", remedy="reject it at intake")
    names = ", ".join(f'"{name}"' for name in frame.columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT csv)') as copy:
        for chunk in frame.iter_slices(CHUNK):
            copy.write(chunk.write_csv(include_header=False).encode())


def read_frame(
    connection: Connection,
    table: Table,
    schema: Mapping[str, Any],
    *where: ColumnElement[bool],
    order: Sequence[str] = (),
) -> pl.DataFrame:
    """Rows as a frame of `schema` (a choice of the table's columns), sorted by `order` bytewise."""
    rows = connection.execute(select(*(table.c[name] for name in schema)).where(*where))
    frame = from_rows(rows, schema)
    return frame.sort(list(order)) if order else frame
