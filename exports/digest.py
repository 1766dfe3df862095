"""Digest of an exported file: what has to be equal when a run is repeated."""

from __future__ import annotations

import hashlib
from pathlib import Path


def cell_digest(path: Path) -> str:
    """sha256 of the file. Workbooks written here have the same bytes for the same cells, so bytes are enough."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
