"""What came to the journal since a place in it: who shows events reads them again only when there are new ones.

Every event is sealed in the journal in the transaction that writes it, so within one snapshot both tell the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from models.store.ledger import Reader
from models.store.tables import ledger


@dataclass(frozen=True)
class Place:
    """An entry of the journal; its leaf (hex) hashes the one before it, so it stands for all of them."""

    position: int  # 0 = before the first
    leaf: str


def last_place(reader: Reader) -> Place:
    """Where the journal ends now."""
    journal = select(ledger.c.position, ledger.c.leaf).where(ledger.c.log == "journal")
    row = reader.connection.execute(journal.order_by(ledger.c.position.desc()).limit(1)).one_or_none()
    return Place(0, "") if row is None else Place(row.position, row.leaf)


def news(reader: Reader, place: Place) -> tuple[Place, frozenset[str]] | None:
    """Where the journal ends now and the kinds of what came after `place`.

    None when the journal has no such place: the snapshot is older, or a backup was restored.
    """
    columns = (ledger.c.position, ledger.c.leaf, ledger.c.kind)
    after = select(*columns).where(ledger.c.log == "journal", ledger.c.position >= place.position)
    rows = reader.connection.execute(after.order_by(ledger.c.position)).all()
    if place.position:
        if not rows or (rows[0].position, rows[0].leaf) != (place.position, place.leaf):
            return None
        rows = rows[1:]
    return (Place(rows[-1].position, rows[-1].leaf) if rows else place), frozenset(row.kind for row in rows)
