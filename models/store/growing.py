"""The head of a log that grows: by the entries that came since the last look, not by all of them.

Of a Merkle tree (RFC 6962) only the roots of its perfect subtrees are kept, one for every one in the binary size; a
process that signs often asks the register for new leaves alone. Proofs and verification always read the whole log.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from pymerkle.hasher import MerkleHasher
from sqlalchemy import Engine, select

from models.store.session import UnitOfWork
from models.store.tables import ledger

_HASHER = MerkleHasher("sha256")


class Growing:
    """Size, last leaf and perfect subtrees (leaves, root) of a log, the largest first."""

    def __init__(self) -> None:
        self.size, self.last = 0, ""
        self._parts: list[tuple[int, bytes]] = []

    def grow(self, leaves: Iterable[str]) -> None:
        """Add leaf hashes (hex) at the end."""
        for leaf in leaves:
            part = (1, bytes.fromhex(leaf))
            while self._parts and self._parts[-1][0] == part[0]:
                width, left = self._parts.pop()
                part = (2 * width, _HASHER.hash_pair(left, part[1]))
            self._parts.append(part)
            self.size, self.last = self.size + 1, leaf

    def root(self) -> str:
        """Root (hex); that of nothing for an empty log."""
        if not self._parts:
            return str(_HASHER.hash_empty().hex())
        (_, root), *rest = reversed(self._parts)
        for _, left in rest:
            root = _HASHER.hash_pair(left, root)
        return root.hex()


_known: WeakKeyDictionary[Engine, dict[str, Growing]] = WeakKeyDictionary()


def growing(unit: UnitOfWork, log: str) -> Growing:
    """The log as it stands in this unit of work.

    What was known is dropped when the register's own leaf at that place is another one: after a roll-back, a restored
    backup, a change by hand. Every leaf hashes the one before it, so that one stands for all.
    """
    connection = unit.connection
    mine = _known.setdefault(connection.engine, {})
    found = mine.get(log, Growing())
    own = (ledger.c.log == log, ledger.c.position == found.size)
    if found.size and connection.execute(select(ledger.c.leaf).where(*own)).scalar_one_or_none() != found.last:
        found = Growing()
    fresh = select(ledger.c.leaf).where(ledger.c.log == log, ledger.c.position > found.size)
    found.grow(connection.execute(fresh.order_by(ledger.c.position)).scalars())
    mine[log] = found
    return found
