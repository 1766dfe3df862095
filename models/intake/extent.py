"""How far a sheet reaches, before a reader makes room for all of it: one stray cell at the far corner is enough to
ask for seventeen thousand million."""

from __future__ import annotations

import re
import zipfile
from typing import IO

CHUNK = 1 << 20
OVERLAP = 256  # longest stretch of a tag that must not be cut in two
_FAR_CELL = re.compile(rb'\sr="([A-Z]{2,3})\d{1,7}"')
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]{0,200}?\br="(\d{1,7})"')
NEAR = 26  # columns that need not be looked for


def largest_sheet(archive: zipfile.ZipFile) -> tuple[int, int]:
    """Rows and columns up to which the sheets of a workbook reach (columns at least 26)."""
    rows, columns = 0, NEAR
    for name in archive.namelist():
        if name.lower().startswith("xl/worksheets/") and name.lower().endswith(".xml"):
            with archive.open(name) as part:
                high, wide = _extent(part)
                rows, columns = max(rows, high), max(columns, wide)
    return rows, columns


def _extent(part: IO[bytes]) -> tuple[int, int]:
    rows, columns, rest = 0, NEAR, b""
    while chunk := part.read(CHUNK):
        text = rest + chunk
        rows = max([rows, *(int(found) for found in _ROW.findall(text))])
        columns = max([columns, *(_number(letters) for letters in set(_FAR_CELL.findall(text)))])
        rest = text[-OVERLAP:]
    return rows, columns


def _number(letters: bytes) -> int:
    """b'A' → 1, b'AA' → 27, b'XFD' → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
