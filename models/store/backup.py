"""A copy of the register while it is in use, whole or absent, and checked before it counts as one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from config.errors import StoreError
from models.store.session import Store, open_store
from models.store.verify import verify_logs
from models.whole import whole_path


def backup(store: Store, path: Path) -> int:
    """Copy an SQLite register to `path` and check the copy's logs; returns its bytes.

    Raises StoreError when the file exists, the copy's logs are not as signed, or the register is on PostgreSQL.
    """
    source = store.engine.url.database
    if store.dialect != "sqlite" or source is None:
        raise StoreError("only an SQLite register is copied by evenhand.", remedy="use pg_dump (docs/operations.md)")
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent}: no copy was made: no such folder.", remedy="name one that is there")
    if path.exists():
        raise StoreError(f"{path} exists already.", remedy="name another file")
    try:
        with whole_path(path) as draft:
            draft.touch(mode=0o600)  # as the register itself: its owner's alone
            _copy(Path(source), draft)
            _check(draft)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{path}: no copy was made: {error}", remedy="see that there is space and the right to write"
        ) from error
    return path.stat().st_size


def _copy(source: Path, target: Path) -> None:
    before, after = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target)
    try:
        before.backup(after)
        after.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    finally:
        before.close()
        after.close()


def _check(copy: Path) -> None:
    with open_store(f"sqlite:///{copy}", migrate=False) as store:
        problems = verify_logs(store)
    if problems:
        raise StoreError(f"the copy is not a sound register: {problems[0]}", remedy="see docs/ledger.md")
