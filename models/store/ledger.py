"""The ledger: two append-only logs, hash-chained and under a Merkle tree (RFC 6962, by pymerkle).

`results` holds what followed from inputs, policy and seed, without a clock, so that the same run gives the
same head; `journal` holds who did what and when. Appending what already is the latest entry of its kind and
subject changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pymerkle import BaseMerkleTree, MerkleProof, verify_consistency, verify_inclusion
from sqlalchemy import Connection, func, insert, select

from config.errors import StoreError
from models.store.canonical import canonical_json
from models.store.session import Snapshot, UnitOfWork
from models.store.tables import ledger

LogName = Literal["results", "journal"]
LOGS: tuple[LogName, ...] = ("results", "journal")
Reader = UnitOfWork | Snapshot
CHUNK = 5_000  # entries looked up and written together


@dataclass(frozen=True)
class Entry:
    """What is to be remembered: body holds plain JSON values."""

    kind: str
    subject: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Head:
    """Size and root (hex) of a log: one short text that stands for everything in it."""

    log: str
    size: int
    root: str


class LogTree(BaseMerkleTree):  # type: ignore[misc]
    """The Merkle tree over stored leaf hashes, hex; positions count from 1."""

    def __init__(self, leaves: Sequence[str] = ()) -> None:
        super().__init__("sha256")
        self._leaves = [bytes.fromhex(leaf) for leaf in leaves]

    def _encode_entry(self, data: bytes) -> bytes:
        return data

    def _store_leaf(self, data: bytes, digest: bytes) -> int:
        self._leaves.append(digest)
        return len(self._leaves)

    def _get_leaf(self, index: int) -> bytes:
        return self._leaves[index - 1]

    def _get_leaves(self, offset: int, width: int) -> list[bytes]:
        return self._leaves[offset : offset + width]

    def _get_size(self) -> int:
        return len(self._leaves)

    def head(self, log: str, size: int | None = None) -> Head:
        """Size and root now, or as they were at an earlier size."""
        return Head(log, self.get_size() if size is None else size, self.get_root(size).hex())


def entry_bytes(log: str, kind: str, subject: str, body: str, previous: str) -> bytes:
    """What is hashed of an entry: everything but its position (the tree) and the leaf itself."""
    return canonical_json([log, kind, subject, body, previous]).encode()


def leaf_hash(log: str, kind: str, subject: str, body: str, previous: str) -> str:
    """RFC 6962 leaf hash (hex) of an entry that follows the leaf `previous`."""
    digest: bytes = LogTree().hash_buff(entry_bytes(log, kind, subject, body, previous))
    return digest.hex()


def append(unit: UnitOfWork, log: LogName, entries: Iterable[Entry]) -> int:
    """Append entries in the order given, but none that repeats the latest of its kind and subject; how many."""
    told = list(entries)
    return sum(_append(unit.connection, log, told[start : start + CHUNK]) for start in range(0, len(told), CHUNK))


def _append(connection: Connection, log: LogName, entries: Sequence[Entry]) -> int:
    position, previous = _tail(connection, log)
    held = _latest_bodies(connection, log, entries)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        body = canonical_json(entry.body)
        if held.get((entry.kind, entry.subject)) == body:
            continue
        leaf = leaf_hash(log, entry.kind, entry.subject, body, previous)
        row = {"kind": entry.kind, "subject": entry.subject, "body": body, "previous": previous, "leaf": leaf}
        rows.append({"log": log, "position": position + len(rows) + 1} | row)
        held[entry.kind, entry.subject], previous = body, leaf
    if rows:
        connection.execute(insert(ledger), rows)
    return len(rows)


def _tail(connection: Connection, log: str) -> tuple[int, str]:
    newest = select(func.max(ledger.c.position)).where(ledger.c.log == log).scalar_subquery()
    row = connection.execute(
        select(ledger.c.position, ledger.c.leaf).where(ledger.c.log == log, ledger.c.position == newest)
    ).one_or_none()
    return (0, "") if row is None else (row.position, row.leaf)


def _latest_bodies(connection: Connection, log: str, entries: Sequence[Entry]) -> dict[tuple[str, str], str]:
    """What the log says last of the kinds and subjects of these entries, where it says anything."""
    subjects: dict[str, set[str]] = {}
    for entry in entries:
        subjects.setdefault(entry.kind, set()).add(entry.subject)
    held: dict[tuple[str, str], str] = {}
    for kind, named in subjects.items():
        same = (ledger.c.log == log, ledger.c.kind == kind, ledger.c.subject.in_(sorted(named)))
        newest = select(func.max(ledger.c.position)).where(*same).group_by(ledger.c.subject)
        found = select(ledger.c.subject, ledger.c.body).where(ledger.c.log == log, ledger.c.position.in_(newest))
        held |= {(kind, row.subject): row.body for row in connection.execute(found)}
    return held


def _latest_body(connection: Connection, log: str, kind: str, subject: str) -> str | None:
    same = (ledger.c.log == log, ledger.c.kind == kind, ledger.c.subject == subject)
    found: str | None = connection.execute(
        select(ledger.c.body).where(*same).order_by(ledger.c.position.desc()).limit(1)
    ).scalar_one_or_none()
    return found


def latest(reader: Reader, log: LogName, kind: str, subject: str) -> dict[str, Any] | None:
    """What a log says last of a kind and subject; None when it says nothing."""
    body = _latest_body(reader.connection, log, kind, subject)
    return None if body is None else dict(json.loads(body))


def first(reader: Reader, log: LogName, kind: str, subject: str) -> dict[str, Any] | None:
    """What a log said first of a kind and subject; None when it says nothing."""
    same = (ledger.c.log == log, ledger.c.kind == kind, ledger.c.subject == subject)
    body = reader.connection.execute(
        select(ledger.c.body).where(*same).order_by(ledger.c.position).limit(1)
    ).scalar_one_or_none()
    return None if body is None else dict(json.loads(body))


def tree(reader: Reader, log: LogName) -> LogTree:
    """The tree over a log as it stands."""
    leaves = reader.connection.execute(select(ledger.c.leaf).where(ledger.c.log == log).order_by(ledger.c.position))
    return LogTree([leaf for (leaf,) in leaves])


def head(reader: Reader, log: LogName = "results") -> Head:
    """Size and root of a log."""
    return tree(reader, log).head(log)


def run_head(reader: Reader, run_id: str) -> str:
    """Root (hex) over the latest results of one run alone: the same whatever other runs came between."""
    latest: dict[tuple[str, str], str] = {}
    own = (ledger.c.log == "results", (ledger.c.subject == run_id) | ledger.c.subject.startswith(f"{run_id}/"))
    columns = (ledger.c.kind, ledger.c.subject, ledger.c.body)
    for kind, subject, body in reader.connection.execute(select(*columns).where(*own).order_by(ledger.c.position)):
        latest[kind, subject] = body
    if not latest:
        raise StoreError(f"the ledger knows no run {run_id}.", remedy="list the runs with `evenhand register runs`")
    alone = LogTree()
    for (kind, subject), body in sorted(latest.items()):
        alone.append_entry(entry_bytes("results", kind, subject, body, ""))
    root: bytes = alone.get_root()
    return root.hex()


def prove_entry(reader: Reader, log: LogName, position: int) -> dict[str, Any]:
    """Inclusion proof of an entry against the present head, as JSON; InvalidChallenge outside the log."""
    proof: dict[str, Any] = tree(reader, log).prove_inclusion(position).serialize()
    return proof


def prove_growth(reader: Reader, log: LogName, earlier: int) -> dict[str, Any]:
    """Proof that the log of size `earlier` is the beginning of the present one, as JSON."""
    proof: dict[str, Any] = tree(reader, log).prove_consistency(earlier).serialize()
    return proof


def check_entry(leaf: str, position: int, head: Head, proof: Mapping[str, Any]) -> None:
    """Raise pymerkle.InvalidProof unless the leaf (hex) stands at this position under the head."""
    given = MerkleProof.deserialize(dict(proof))
    verify_inclusion(bytes.fromhex(leaf), bytes.fromhex(head.root), given, position, head.size, "sha256")


def check_growth(earlier: Head, later: Head, proof: Mapping[str, Any]) -> None:
    """Raise pymerkle.InvalidProof unless the later head extends the earlier one."""
    roots = bytes.fromhex(earlier.root), bytes.fromhex(later.root)
    verify_consistency(*roots, MerkleProof.deserialize(dict(proof)), earlier.size, later.size, "sha256")
