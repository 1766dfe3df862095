"""The way into the register: one store, units of work that roll back unless committed, and snapshots for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from config.errors import StoreError
from models.store import schema
from models.store.locks import advisory_key

BUSY_MILLISECONDS = 30_000
WRITERS = "evenhand:writers"


class UnitOfWork:
    """One transaction: everything in it or nothing. Leaving the block without `commit()` rolls back."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The open transaction; for the modules of this room only."""
        if self._connection is None:
            raise StoreError("the unit of work is closed.", remedy="write inside its with block, before commit()")
        return self._connection

    def __enter__(self) -> Self:
        with _named(self._engine):
            self._connection = self._engine.connect().execution_options(evenhand_begin="IMMEDIATE")
            self._connection.begin()
        try:
            _wait_for_writers(self._connection)
        except DBAPIError as error:
            self._close()
            raise _refused(self._engine, error) from error
        return self

    def commit(self) -> None:
        """Make it last; the unit is closed afterwards."""
        with _named(self._engine):
            self.connection.commit()
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._close()  # rolls back what was not committed
        except SQLAlchemyError:
            if error is None:
                raise
        if isinstance(error, (DBAPIError, self._engine.dialect.loaded_dbapi.Error)):
            raise _refused(self._engine, error) from error


class Snapshot:
    """A reading transaction: everything read through it is of one moment."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


class Store:
    """The register behind a database URL."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @property
    def address(self) -> str:
        """URL without its password, for messages."""
        return self.engine.url.render_as_string(hide_password=True)

    def unit_of_work(self) -> UnitOfWork:
        """A transaction that writes; another one waits until it has ended."""
        return UnitOfWork(self.engine)

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A transaction that only reads."""
        with _named(self.engine), self.engine.connect() as plain:
            if self.dialect == "postgresql":
                plain = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                yield Snapshot(plain)
                return
            plain.exec_driver_sql("PRAGMA query_only = ON")
            try:
                yield Snapshot(plain)
            finally:
                plain.exec_driver_sql("PRAGMA query_only = OFF")

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str, *, migrate: bool = True) -> Store:
    """Open the register at an SQLAlchemy URL (sqlite:/// or postgresql+psycopg://) and bring it up to date.

    Raises StoreError: unusable URL, database out of reach, written by a newer program, or, with
    `migrate=False`, not at this program's schema.
    """
    store = connect(url)
    try:
        with _named(store.engine), store.engine.connect() as connection:
            current = schema.is_current(connection)
        if not current and migrate:
            change_schema(store, schema.upgrade)
        elif not current:
            raise StoreError("the database is not at this program's schema.", remedy="run `evenhand register upgrade`")
    except BaseException:
        store.close()
        raise
    return store


def connect(url: str) -> Store:
    """The register at a URL as it is, whatever its schema: for upgrades and downgrades only."""
    return Store(_engine(_url(url)))


def change_schema(store: Store, change: Callable[[Connection], None]) -> None:
    """Run a migration in one transaction that no other process can share."""
    with store.unit_of_work() as unit:
        change(unit.connection)
        unit.commit()


def _wait_for_writers(connection: Connection) -> None:
    """One writer at a time, so that what a unit of work reads holds until it ends; SQLite's begin did that already.

    PostgreSQL takes the lock back when its holder dies; who waits too long is refused. Readers never wait.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"set local lock_timeout = {BUSY_MILLISECONDS}"))
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": advisory_key(WRITERS)})


def _url(text_url: str) -> URL:
    try:
        url = make_url(text_url)
    except ArgumentError as error:
        raise StoreError(
            f"not a database URL: {error}", remedy="use sqlite:///file or postgresql+psycopg://…"
        ) from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() != "sqlite":
        raise StoreError(f"no support for {url.get_backend_name()}.", remedy="use SQLite or PostgreSQL")
    if url.database and url.database != ":memory:":
        path = Path(url.database)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not url.database.startswith("file:") and not path.exists():
            with suppress(OSError):  # opening it says what is wrong
                path.touch(mode=0o600)  # the register is its owner's alone; its journal takes the same mode
    return url


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, pool_size=4)
    if url.database in (None, "", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        engine = create_engine(url, connect_args={"timeout": BUSY_MILLISECONDS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin ourselves: the driver would begin too late
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("evenhand_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def _named(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _refused(engine, error) from error


def _refused(engine: Engine, error: BaseException) -> StoreError:
    where = engine.url.render_as_string(hide_password=True)
    said = str(getattr(error, "orig", error)).strip()
    cause = said.splitlines()[0] if said else type(error).__name__
    return StoreError(f"{where}: {cause}. Nothing was written.", remedy=_remedy(cause))


def _remedy(cause: str) -> str:
    said = cause.lower()
    if "full" in said or "no space" in said or "i/o error" in said:
        return "free space on its disk, then give the same command again"
    if "locked" in said or "timeout" in said:
        return "another run is writing; wait for it, then give the same command again"
    if "not a database" in said or "malformed" in said:
        return "the file is damaged: restore the latest backup (docs/operations.md)"
    if "connect" in said or "terminat" in said or "closed" in said or "unable to open" in said:
        return "see that the database runs and the URL is right, then give the same command again"
    return "see docs/operations.md, then give the same command again"
