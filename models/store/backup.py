"""A copy of the register while it is in use, whole or absent, and checked before it counts as one."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from config.errors import StoreError
from models.store.session import Store, open_store
from models.store.verify import verify_logs


def backup(store: Store, path: Path) -> int:
    """Copy an SQLite register to `path` and check the copy's logs; returns its bytes.

    Raises StoreError when the file exists, the copy's logs are not as signed, or the register is on PostgreSQL.
    """
    source = store.engine.url.database
    if store.dialect != "sqlite" or source is None:
        raise StoreError("only an SQLite register is copied by evenhand.", remedy="use pg_dump (docs/operations.md)")
    if path.exists():
        raise StoreError(f"{path} exists already.", remedy="name another file")
    draft = path.with_name(f".{path.name}.tmp")
    draft.unlink(missing_ok=True)
    try:
        _copy(Path(source), draft)
        _check(draft)
        os.replace(draft, path)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{path}: no copy was made: {error}", remedy="see that there is space and the right to write"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return path.stat().st_size


def _copy(source: Path, target: Path) -> None:
    before, after = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        before.backup(after)
        after.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    finally:
        before.close()
        after.close()
    with open(target, "rb") as file:
        os.fsync(file.fileno())


def _check(copy: Path) -> None:
    with open_store(f"sqlite:///{copy}", migrate=False) as store:
        problems = verify_logs(store)
    if problems:
        raise StoreError(f"the copy is not a sound register: {problems[0]}", remedy="see docs/ledger.md")
