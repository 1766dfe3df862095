"""Writing to the register by what people do: signed in the same transaction, so that no entry stays under no head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from config.settings import Settings
from models.store import heads
from models.store.session import Store, UnitOfWork


@contextmanager
def signed(settings: Settings, store: Store) -> Iterator[UnitOfWork]:
    """A unit of work; both heads are signed and everything is committed when the block ends well, else nothing is."""
    with store.unit_of_work() as unit:
        yield unit
        heads.sign_heads(unit, heads.signing_key(settings.root / "ledger.key"), datetime.now(UTC))
        unit.commit()
