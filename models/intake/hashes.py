"""What a source would read, by name and hash, before it is read: names a run."""

from __future__ import annotations

from pathlib import Path

from config.source_forms import Source, TableForm
from models.intake.packed import files_of, found, relative, sha256
from models.intake.sql import snapshot


def name_of_query(source: Source, table: TableForm) -> str:
    """What the result of a query is called in messages and the ledger: 'sql/3-records'."""
    return f"sql/{source.tables.index(table)}-{table.fills}"


def file_hashes(source: Source, data: Path) -> dict[str, str]:
    """Relative name (with /) → sha256 of every file the source would read, joined files included.

    Queries are run, each in the same snapshot, and stand with the hash of what they return.
    """
    data = Path(data)
    paths: set[Path] = set()
    for table in source.tables:
        paths.update(files_of(table, data, source.id))
        for other in table.join:
            paths.update(found(other.files, data, source.id, optional=table.optional))
    hashes = {relative(path, data): sha256(path) for path in sorted(paths)}
    queries = [(name_of_query(source, table), table.query) for table in source.tables if table.query is not None]
    if queries:
        with snapshot(data) as database:
            hashes |= {name: database.read(name, query)[1] for name, query in queries}
    return dict(sorted(hashes.items()))
