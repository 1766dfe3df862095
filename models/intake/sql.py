"""An agency's own database as a source: read-only, one snapshot for all its queries.

The connection is named in the data folder (`connection.url`, one line) so that no secret stands in a source file.
"""

from __future__ import annotations

from pathlib import Path

from config.errors import InputError
from config.source_forms import TableForm
from models.intake.raw import Raw


def read_query(data: Path, table: TableForm, source: str) -> Raw:
    """Rows of the table's query. Raises InputError where the database or the query fails."""
    raise InputError(f"source {source}: SQL sources are not wired yet.", rule="sql")
