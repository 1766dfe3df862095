"""The schema over time: Alembic migrations run from the package, up and down, and a newer database is refused."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from config.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@lru_cache(maxsize=1)
def head_revision() -> str:
    """The newest revision this program knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def revision(connection: Connection) -> str | None:
    """Revision of the database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def _known(name: str) -> bool:
    try:
        return ScriptDirectory.from_config(_config()).get_revision(name) is not None
    except CommandError:
        return False


def is_current(connection: Connection) -> bool:
    """Whether the database is at this program's revision; StoreError when it is at one this program does not know."""
    found = revision(connection)
    if found is not None and not _known(found):
        raise StoreError(
            f"the database is at schema {found}, this program knows only up to {head_revision()}.",
            remedy="install the version that wrote it, or restore the backup made before the upgrade",
        )
    return found == head_revision()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database to a revision within the caller's transaction.

    Raises StoreError when the database is at a revision this program does not know.
    """
    current = is_current(connection)
    if to != "head" or not current:
        command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Take the database back to a revision ('base' removes every table), within the caller's transaction."""
    command.downgrade(_config(connection), to)
