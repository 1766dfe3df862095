"""An agency's own database as a source: read-only, and one snapshot for all queries of a delivery.

The address stands in the data folder as `connection.url` (one line, SQLAlchemy's form), so that a source file can be
shared without it; passwords belong into the server's own means (~/.pgpass, a service file, peer authentication).
A query returns everything that holds: what the agency has withdrawn is no longer there and disappears downstream.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import sqlalchemy as sa

from config.errors import InputError
from models.intake.raw import ROW, Raw, refusals

ADDRESS = "connection.url"
REMEDY = f"write the database's address into {ADDRESS} in the data folder, e.g. postgresql+psycopg://reader@host/db"
CHUNK = 20_000
SUPPORTED = ("sqlite", "postgresql")


class Snapshot:
    """One read-only transaction; every query sees the database as it stood at the first one."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def read(self, name: str, query: str) -> tuple[Raw, str]:
        """Rows of a query under `name`, and the sha256 of its columns and rows. InputError where the query fails."""
        try:
            result = self.connection.execution_options(yield_per=CHUNK).execute(sa.text(query))
            columns = list(result.keys())
            if len(set(columns)) != len(columns):
                raise InputError(f"the query names a column twice ({', '.join(columns)}).", file=name, rule="sql")
            parts = [_frame(columns, [tuple(row) for row in rows]) for rows in result.partitions()]
        except (sa.exc.SQLAlchemyError, UnicodeError, ValueError, OverflowError) as error:  # drivers raise these bare
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            message = f"the query fails ({reason})."
            raise InputError(message, file=name, rule="sql", remedy="correct `query` in the source") from error
        frame = pl.concat(parts, how="vertical_relaxed") if parts else _frame(columns, [])
        digest = hashlib.sha256(frame.write_csv().encode()).hexdigest()
        numbered = frame.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
        return Raw(name, numbered, refusals(name, [])), digest


def _frame(columns: list[str], rows: list[tuple[object, ...]]) -> pl.DataFrame:
    try:
        frame = pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, OverflowError):  # a column of mixed types, as SQLite allows
        texts = [tuple(None if value is None else str(value) for value in row) for row in rows]
        frame = pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String), orient="row")
    nothing = [name for name, dtype in frame.schema.items() if dtype in (pl.Null, pl.Object)]
    return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in nothing)


@contextmanager
def snapshot(data: Path) -> Iterator[Snapshot]:
    """The database named in `data`/connection.url. InputError without one, or where it cannot be reached."""
    url = _address(data)
    try:
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool, **_read_only(url))
    except (sa.exc.ArgumentError, ImportError) as error:  # an SQLite address with a host, a driver that is not here
        raise InputError("not a database address.", file=ADDRESS, rule="sql", remedy=REMEDY) from error
    try:
        with engine.connect() as connection:
            if url.get_backend_name() == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
                connection.exec_driver_sql("BEGIN")
            yield Snapshot(connection)
            connection.rollback()
    except sa.exc.DBAPIError as error:
        message = f"the database cannot be read ({str(error.orig).splitlines()[0]})."
        raise InputError(
            message, file=ADDRESS, rule="sql", remedy="check the address and the reader's rights"
        ) from error
    finally:
        engine.dispose()


def _read_only(url: sa.URL) -> dict[str, object]:
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"uri": True}, "isolation_level": "AUTOCOMMIT"}  # BEGIN is ours
    options = {"postgresql_readonly": True, "postgresql_deferrable": True}
    return {"isolation_level": "REPEATABLE READ", "execution_options": options}


def _address(data: Path) -> sa.URL:
    path = data / ADDRESS
    if not path.is_file():
        raise InputError(f"no {ADDRESS} in {data}.", rule="sql", remedy=REMEDY)
    try:
        url = sa.make_url(path.read_text(encoding="utf-8").strip())
    except (sa.exc.ArgumentError, UnicodeDecodeError) as error:
        raise InputError("not a database address.", file=ADDRESS, rule="sql", remedy=REMEDY) from error
    if url.get_backend_name() not in SUPPORTED:
        message = f"{url.get_backend_name()} is not supported; use {' or '.join(SUPPORTED)}."
        raise InputError(message, file=ADDRESS, rule="sql")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    try:
        file = (data / (url.database or "")).resolve()
        there = file.is_file()
    except (OSError, ValueError, RuntimeError) as error:  # too long, a zero byte, links in a circle
        raise InputError("not the name of a database file.", file=ADDRESS, rule="sql", remedy=REMEDY) from error
    if not there:
        raise InputError(f"no database file {url.database}.", file=ADDRESS, rule="sql", remedy=REMEDY)
    return url.set(database=f"file:{file.as_posix()}", query={"mode": "ro", "uri": "true"})
