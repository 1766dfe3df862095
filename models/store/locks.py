"""One night at a time: a lock that the operating system or PostgreSQL takes back when its holder dies."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from config.errors import StoreBusy

if TYPE_CHECKING:
    from models.store.session import Store


LOCK_NOT_AVAILABLE = "55P03"
HANDOVER_MILLISECONDS = 3_000  # PostgreSQL takes a moment to see that the holder of a lock was killed


def advisory_key(name: str) -> int:
    """A name as PostgreSQL's advisory locks want it: 64 bits, signed."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


@contextmanager
def run_lock(store: Store, name: str = "evenhand:run") -> Iterator[None]:
    """Hold the named lock of this register; StoreBusy when somebody else has it (on PostgreSQL for three seconds)."""
    if store.dialect == "postgresql":
        with _postgres_lock(store, name):
            yield
    elif store.engine.url.database not in (None, "", ":memory:"):
        with _file_lock(f"{store.engine.url.database}.{advisory_key(name) & 0xFFFF:04x}.lock", store):
            yield
    else:
        yield  # a database in memory has no second process


@contextmanager
def _postgres_lock(store: Store, name: str) -> Iterator[None]:
    key = {"key": advisory_key(name)}
    with store.engine.connect() as connection:
        try:
            with connection.begin():  # the lock is the session's and outlives it: no transaction stays open all night
                connection.execute(text(f"set local lock_timeout = {HANDOVER_MILLISECONDS}"))
                connection.execute(text("select pg_advisory_lock(:key)"), key)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise _held(store) from error
            raise
        try:
            yield
        finally:
            with suppress(DBAPIError), connection.begin():  # when the database went away, so did the lock
                connection.execute(text("select pg_advisory_unlock(:key)"), key)


@contextmanager
def _file_lock(path: str, store: Store) -> Iterator[None]:
    with open(path, "a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held(store) from error
        yield


def _held(store: Store) -> StoreBusy:
    return StoreBusy(
        f"another run is at work in {store.address}.", remedy="wait for it, then give the same command again"
    )
