"""Signed tree heads (ed25519) and anchors: what lets outsiders hold the agency to its own ledger."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import insert, select

from config.errors import StoreError
from models.store import ledger
from models.store.canonical import canonical_json, instant
from models.store.growing import growing
from models.store.ledger import LOGS, Entry, LogName, Reader
from models.store.session import UnitOfWork
from models.store.tables import tree_heads
from models.whole import write_text


@dataclass(frozen=True)
class SignedHead:
    """A head, when it was signed and by which key; all but size are text, hashes and keys in hex."""

    log: str
    size: int
    root: str
    at: str
    public_key: str
    signature: str

    def holds(self) -> bool:
        """Whether the signature is this key's over log, size, root and time."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
            key.verify(bytes.fromhex(self.signature), _statement(self.log, self.size, self.root, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def _statement(log: str, size: int, root: str, at: str) -> bytes:
    return canonical_json(["evenhand tree head 1", log, size, root, at]).encode()


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The ledger's private key from a file (hex, readable by its owner only); made there once when absent.

    Raises StoreError when the file holds something else.
    """
    if not path.exists():
        _make_key(path)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text("ascii").strip()))
    except ValueError as error:
        raise StoreError(
            f"{path}: not a signing key.", remedy="restore it from the safe; a new one is a new signer"
        ) from error


def _make_key(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(draft, "w", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw().hex())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: then its key holds
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def public_key(key: Ed25519PrivateKey) -> str:
    """The key to publish (hex)."""
    return key.public_key().public_bytes_raw().hex()


def sign_heads(unit: UnitOfWork, key: Ed25519PrivateKey, at: datetime) -> list[SignedHead]:
    """Sign the present head of both logs; call it last before `commit()`.

    A head of the same size stands already signed: it is returned as it is. The signing of the results' head
    is itself noted in the journal, so that a signed head cannot be taken away unseen. A clock that was set back
    is noted there too, and the heads bear the last moment signed: their times never fall.
    """
    at = _not_before(unit, at)
    results = _sign(unit, "results", key, at)
    if results is not None:
        body = {"root": results.root, "signature": results.signature}
        ledger.append(unit, "journal", [Entry("tree_head", f"results/{results.size}", body)])
    return [signed for signed in (results, _sign(unit, "journal", key, at)) if signed is not None]


def last_moment(reader: Reader) -> str | None:
    """When a head was last signed (text of UTC); None before the first."""
    newest = (
        select(tree_heads.c.at).where(tree_heads.c.log == log).order_by(tree_heads.c.size.desc()).limit(1)
        for log in LOGS
    )
    found = [reader.connection.execute(query).scalar_one_or_none() for query in newest]  # their times never fall
    return max((at for at in found if at is not None), default=None)


def _not_before(unit: UnitOfWork, at: datetime) -> datetime:
    last = last_moment(unit)
    if last is None or instant(at) >= last:
        return at
    ledger.append(unit, "journal", [Entry("clock_set_back", instant(at), {"last_signed": last})])
    return datetime.strptime(last, "%Y-%m-%dT%H:%M:%S.%f%z")


def _sign(unit: UnitOfWork, log: LogName, key: Ed25519PrivateKey, at: datetime) -> SignedHead | None:
    head = growing(unit, log)
    if head.size == 0:
        return None
    same = select(tree_heads).where(tree_heads.c.log == log, tree_heads.c.size == head.size)
    standing = unit.connection.execute(same).mappings().one_or_none()
    if standing is not None:
        return SignedHead(**standing)
    moment, root = instant(at), head.root()
    signature = key.sign(_statement(log, head.size, root, moment)).hex()
    signed = SignedHead(log, head.size, root, moment, public_key(key), signature)
    unit.connection.execute(insert(tree_heads).values(**asdict(signed)))
    return signed


def signed_heads(reader: Reader, log: LogName) -> list[SignedHead]:
    """Every signed head of a log, smallest first."""
    rows = reader.connection.execute(select(tree_heads).where(tree_heads.c.log == log).order_by(tree_heads.c.size))
    return [SignedHead(**row) for row in rows.mappings()]


_KINDS = {"log": str, "size": int, "root": str, "at": str, "public_key": str, "signature": str}


def write_anchor(reader: Reader, path: Path) -> dict[str, Any]:
    """The newest signed heads as a JSON file to publish (a gazette, a web page, another agency)."""
    newest: dict[str, Any] = {log: asdict(heads[-1]) for log in LOGS if (heads := signed_heads(reader, log))}
    if not newest:
        raise StoreError("no tree head is signed yet.", remedy="run once, then anchor")
    write_text(path, json.dumps(newest, indent=1, sort_keys=True) + "\n")
    return newest


def read_anchor(path: Path) -> list[SignedHead]:
    """Heads of a published anchor; StoreError when the file is not one."""
    try:
        found = [SignedHead(**head) for head in json.loads(path.read_text("utf-8")).values()]
        if not all(isinstance(getattr(head, name), kind) for head in found for name, kind in _KINDS.items()):
            raise ValueError("a field of a head is of another kind")
        return found
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{path}: not an anchor: {error}", remedy="give a file written by `evenhand register anchor`"
        ) from error
