"""Checking the ledger against itself, against signed heads, against published anchors, and the tables against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl
from pymerkle import InvalidProof
from sqlalchemy import select

from models.store import heads, ledger, reads, tables
from models.store.bulk import read_frame
from models.store.canonical import canonical_json
from models.store.heads import SignedHead
from models.store.ledger import LOGS, Head, LogName, LogTree, Reader
from models.store.let_go import let_go, runs_let_go
from models.store.sealed import EVENT_TABLES, INPUT_FILES, RUN_TABLES, EventTable, RunTable
from models.store.session import Store

UNREADABLE = (ValueError, TypeError, KeyError, pl.exceptions.PolarsError)


@dataclass(frozen=True)
class Problem:
    """Something that is not as the ledger says: where, and what is wrong with it."""

    kind: str  # ledger | head | anchor | rows | event | unreadable
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.message}"


def verify_ledger(store: Store, *, public_key: str | None = None, anchors: Sequence[SignedHead] = ()) -> list[Problem]:
    """Every problem found; empty when all is as it was written.

    `public_key` (hex): whose signatures count, and that the last entry must be under one; without it signatures
    are only checked against the key they name. `anchors`: heads published earlier, which must still be beginnings.
    """
    with store.snapshot() as snapshot:
        results, journal = Sayings(snapshot, "results"), Sayings(snapshot, "journal")
        checks = _log_checks(snapshot, journal, public_key, anchors)
        gone = runs_let_go(snapshot)
        checks += [(name, _run_table_problems(snapshot, table, results, gone)) for name, table in RUN_TABLES.items()]
        checks += [(name, _event_problems(snapshot, table, journal)) for name, table in EVENT_TABLES.items()]
        checks.append(("input_files", _event_problems(snapshot, INPUT_FILES, results)))
        return [problem for name, check in checks for problem in _guarded(name, check)]


def verify_logs(store: Store, *, public_key: str | None = None, anchors: Sequence[SignedHead] = ()) -> list[Problem]:
    """The logs alone, without the rows they answer for: quick, however many runs there are."""
    with store.snapshot() as snapshot:
        checks = _log_checks(snapshot, Sayings(snapshot, "journal"), public_key, anchors)
        return [problem for name, check in checks for problem in _guarded(name, check)]


def _log_checks(
    reader: Reader, journal: Sayings, public_key: str | None, anchors: Sequence[SignedHead]
) -> list[tuple[str, Iterator[Problem]]]:
    checks: list[tuple[str, Iterator[Problem]]] = []
    for log in LOGS:
        of_log = [anchor for anchor in anchors if anchor.log == log]
        checks.append((log, _log_problems(reader, log, public_key, of_log)))
    checks.append(("ledger", _strange_logs(reader)))
    checks.append(("tree_heads", _signing_problems(reader, journal)))
    return checks


def _guarded(name: str, check: Iterator[Problem]) -> Iterator[Problem]:
    """What cannot even be read is a problem too."""
    try:
        yield from check
    except UNREADABLE as error:
        yield Problem("unreadable", name, f"{type(error).__name__}: {error}")


VIEWS = "evidence_views"  # looking is not deciding: it is signed with the next decision or night


class Sayings:
    """What a log says last of every kind and subject; read once, on first use."""

    def __init__(self, reader: Reader, log: LogName) -> None:
        self._reader, self._log = reader, log
        self._read: dict[str, dict[str, Any]] = {}

    @cached_property
    def _all(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in reads.ledger_entries(self._reader, self._log).iter_rows(named=True):
            found.setdefault(row["kind"], {})[row["subject"]] = row["body"]
        return found

    def of(self, kind: str) -> dict[str, Any]:
        """Subject → body of one kind; ValueError when a body is not JSON."""
        if kind not in self._read:
            self._read[kind] = {subject: json.loads(body) for subject, body in self._all.get(kind, {}).items()}
        return self._read[kind]


def _log_problems(
    reader: Reader, log: LogName, public_key: str | None, anchors: Sequence[SignedHead]
) -> Iterator[Problem]:
    entries = reads.ledger_entries(reader, log)
    yield from _chain_problems(log, entries)
    tree = LogTree([leaf for leaf in entries["leaf"] if _is_hash(leaf)])
    signed = heads.signed_heads(reader, log)
    for head in signed:
        yield from _head_problems("head", tree, head, public_key)
    last = max((head.size for head in signed), default=0)
    tail = entries.filter(pl.col("position") > last, pl.col("kind") != VIEWS)
    if public_key is not None and (tail.height or (entries.height and not last)):
        yield Problem("head", f"{log}/{entries.height}", "the last entries are under no signed head")
    for anchor in anchors:
        yield from _head_problems("anchor", tree, anchor, public_key)


def _is_hash(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) == 32
    except ValueError:
        return False


def _chain_problems(log: str, entries: pl.DataFrame) -> Iterator[Problem]:
    previous = ""
    for expected, row in enumerate(entries.iter_rows(named=True), 1):
        where = f"{log}/{row['position']}"
        if row["position"] != expected:
            yield Problem("ledger", where, f"stands where entry {expected} should be")
        if row["previous"] != previous:
            yield Problem("ledger", where, "does not follow the entry before it")
        if row["leaf"] != ledger.leaf_hash(log, row["kind"], row["subject"], row["body"], row["previous"]):
            yield Problem("ledger", where, "its hash is not that of its content")
        previous = row["leaf"]


def _head_problems(kind: str, tree: LogTree, head: SignedHead, public_key: str | None) -> Iterator[Problem]:
    where = f"{head.log}/{head.size}"
    if not head.holds():
        yield Problem(kind, where, "its signature does not hold")
    if public_key is not None and head.public_key != public_key:
        yield Problem(kind, where, f"signed by another key ({head.public_key[:16]}…)")
    size = tree.get_size()
    if not 0 < head.size <= size:
        yield Problem(kind, where, f"the log has {size} entries: entries are missing")
        return
    try:
        earlier, now = Head(head.log, head.size, head.root), tree.head(head.log)
        ledger.check_growth(earlier, now, tree.prove_consistency(head.size).serialize())
    except (InvalidProof, ValueError):
        yield Problem(kind, where, "the log of today does not begin with the log that was signed")


def _strange_logs(reader: Reader) -> Iterator[Problem]:
    """Entries and heads of logs that do not exist."""
    for table in (tables.ledger, tables.tree_heads):
        for (log,) in reader.connection.execute(select(table.c.log).distinct().where(table.c.log.not_in(LOGS))):
            yield Problem("ledger", f"{table.name} {log}", "there is no such log")


def _signing_problems(reader: Reader, journal: Sayings) -> Iterator[Problem]:
    """The journal's notes of signing against the signed heads of the results."""
    noted = journal.of("tree_head")
    stored = {f"results/{head.size}": head for head in heads.signed_heads(reader, "results")}
    for where in sorted(noted.keys() | stored.keys()):
        if where not in stored:
            yield Problem("head", where, "was signed, but the signed head is gone")
        elif where not in noted:
            yield Problem("head", where, "is not in the journal")
        elif noted[where] != {"root": stored[where].root, "signature": stored[where].signature}:
            yield Problem("head", where, "is not the head that was signed")


def _run_table_problems(
    reader: Reader, sealed: RunTable, results: Sayings, gone: Mapping[str, frozenset[str]]
) -> Iterator[Problem]:
    name = sealed.table.name
    present = {str(run_id) for (run_id,) in reader.connection.execute(select(sealed.table.c.run_id).distinct())}
    for run_id in sorted(present | results.of(name).keys()):
        yield from _rows_problems(reader, sealed, run_id, results.of(name), gone.get(run_id, frozenset()))


def run_problems(reader: Reader, run_id: str) -> Iterator[Problem]:
    """One run's rows against the ledger."""
    results, gone = Sayings(reader, "results"), let_go(reader, run_id)
    for name, sealed in RUN_TABLES.items():
        sealing = results.of(name)
        if run_id in sealing or not reads.run_rows(reader, name, run_id).is_empty():
            yield from _guarded(name, _rows_problems(reader, sealed, run_id, sealing, gone))


def _rows_problems(
    reader: Reader, sealed: RunTable, run_id: str, sealing: Mapping[str, Any], gone: frozenset[str]
) -> Iterator[Problem]:
    where = f"{sealed.table.name} of run {run_id}"
    if run_id not in sealing:
        yield Problem("rows", where, "rows that the ledger does not know")
        return
    try:
        rows = reads.run_rows(reader, sealed.table.name, run_id)
        body = sealed.entry(run_id, rows).body
    except UNREADABLE as error:
        yield Problem("rows", where, f"cannot be read: {error}")
        return
    if rows.is_empty() and sealed.table.name in gone:
        return  # the journal says that they went; half of them would be a problem
    if canonical_json(body) != canonical_json(sealing[run_id]):
        yield Problem("rows", where, f"the ledger says {sealing[run_id]}, the rows say {body}")


def _event_problems(reader: Reader, sealed: EventTable, said: Sayings) -> Iterator[Problem]:
    name = sealed.table.name
    sealing = said.of(name)
    rows = read_frame(reader.connection, sealed.table, sealed.schema, order=sealed.key)
    present = {sealed.subject(row): row for row in rows.iter_rows(named=True)}
    for subject in sorted(present.keys() | sealing.keys()):
        where = f"{name} {subject}"
        if subject not in sealing:
            yield Problem("event", where, "a row that the ledger does not know")
        elif subject not in present:
            yield Problem("event", where, "the ledger knows it, but the row is gone")
        elif not _sealed_so(sealed, present[subject], sealing[subject]):
            yield Problem("event", where, "the row is not what was recorded")


def _sealed_so(sealed: EventTable, row: Mapping[str, Any], body: Any) -> bool:
    try:
        return bool(sealed.entry(row).body == body)
    except UNREADABLE:
        return False
