"""Files of a source: found by glob, hashed, and opened with a bound on what they unpack to."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from pathlib import Path

from config.errors import InputError
from config.source_forms import Delivery, TableForm

CHUNK = 1 << 20
UNPACKED_FREE = 256 << 20  # bytes any packed file may unpack to
UNPACKED_RATIO = 200  # beyond that, times its packed size
UNPACKED_MOST = 8 << 30


def found(pattern: str, data: Path, source: str, *, optional: bool = False) -> list[Path]:
    """Files that a glob under `data` names, in their order; InputError where there is none and one is needed."""
    if not data.is_dir():
        raise InputError(f"{data}: no such folder.", rule="missing_file", remedy="give --data the folder of the export")
    visible = (path for path in data.glob(pattern) if path.is_file() and not path.name.startswith((".", "~$")))
    paths = sorted(visible, key=in_order)
    if not paths and not optional:
        raise InputError(
            f"no file {pattern} under {data} (source {source}).",
            rule="missing_file",
            remedy="deliver the file, correct `files` in the source, or mark the table `optional: true`",
        )
    return paths


def sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def in_order(path: Path) -> tuple[tuple[int, str], ...]:
    """Names as people order them: penalties_2 before penalties_10."""
    parts = re.split(r"(\d+)", path.as_posix())
    return tuple((int(part), part) if part.isdecimal() else (-1, part) for part in parts)


def files_of(table: TableForm, data: Path, source: str) -> list[Path]:
    """Files that a table reads: all that its glob names, or the last of them where each is everything."""
    if table.files is None:
        return []
    paths = found(table.files, data, source, optional=table.optional)
    return paths[-1:] if table.delivery is Delivery.latest else paths


def relative(path: Path, data: Path) -> str:
    """Name of a file as rows and the ledger call it."""
    return path.relative_to(data).as_posix()


def content(path: Path, name: str, digest: str | None = None) -> bytes:
    """Bytes of a file, unpacked where it is .gz; InputError on an empty, unreadable or over-expanding file, and on
    one that is no longer the file of this sha256."""
    try:
        packed = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}).", file=name, rule="unreadable") from error
    if digest is not None and hashlib.sha256(packed).hexdigest() != digest:
        remedy = "deliver under another name and rename, then run again"
        raise InputError("the file changed while it was being read.", file=name, rule="changed", remedy=remedy)
    plain = _unpacked(packed, name) if path.suffix == ".gz" else packed
    if not plain.strip():
        raise InputError("the file is empty.", file=name, rule="empty_file", remedy="ask for it again")
    return plain


def allowed_size(packed: int) -> int:
    """Bytes that a packed file of this size may unpack to."""
    return min(max(UNPACKED_FREE, packed * UNPACKED_RATIO), UNPACKED_MOST)


def _unpacked(packed: bytes, name: str) -> bytes:
    limit = allowed_size(len(packed))
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            while part := stream.read(CHUNK):
                size += len(part)
                if size > limit:
                    raise InputError(f"unpacks to more than {limit:,} bytes.", file=name, rule="zip_bomb")
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"not a whole gzip file ({error}).", file=name, rule="unreadable") from error
    return b"".join(parts)
