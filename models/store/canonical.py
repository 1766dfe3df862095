"""One way to write a value as bytes, so that a digest means the same on every machine."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"Expected plain JSON values, dates or decimals, got {type(value).__name__}")


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no NaN; dates as ISO 8601. TypeError for anything else."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def json_digest(value: Any) -> str:
    """sha256 (hex) of the canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def instant(at: datetime) -> str:
    """A moment as text in UTC with microseconds; ValueError for a time without a zone."""
    if at.tzinfo is None:
        raise ValueError("Expected a time with its zone, got a naive one.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
