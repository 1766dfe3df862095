"""The door for workbooks that come back: what is no plain, reasonable .xlsx is refused before anything reads it.

Every entry of the archive is unpacked once as a stream with a limit, so that neither a bomb nor a lying header costs
more memory than a block.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from config.errors import InputError

MAX_FILE = 40 << 20  # bytes as sent
MAX_UNPACKED = 256 << 20  # bytes of all entries together
MAX_ENTRIES = 2_000
MAX_ROWS = 200_000  # of any sheet
_BLOCK = 1 << 18
_ROW = re.compile(rb"<(?:[A-Za-z]\w{0,14}:)?row[ />\r\n\t]")  # some programs give every element a prefix
_TAIL = 20  # bytes of a block that may begin a row which the next one ends
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_KINDS = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture", b"%PDF": "a PDF"}
_SAVE = "save it as .xlsx (Excel workbook) in Excel, WPS or LibreOffice and send it again"


def check_workbook(path: Path) -> int:
    """Rows of all sheets together; InputError, naming the remedy, unless it is a plain .xlsx of bearable size."""
    size = _size(path)
    with open(path, "rb") as file:
        head = file.read(8)
    if size > MAX_FILE:
        raise _refuse(path, "too_large", f"{size >> 20} MB; a roster has at most {MAX_FILE >> 20} MB.", _SAVE)
    if head == _OLE:
        raise _ole(path)
    if not head.startswith(b"PK"):
        kind = next((name for magic, name in _KINDS.items() if head.startswith(magic)), "not a workbook")
        raise _refuse(path, "not_xlsx", f"this is {kind}, whatever its name says.", "send the roster itself")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_names(path, archive)
            return _check_entries(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise _refuse(path, "damaged", f"the file is damaged ({error}).", _SAVE) from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError as error:
        raise _refuse(path, "missing", "no such file.", "check the name") from error


def _ole(path: Path) -> InputError:
    with open(path, "rb") as file:
        start = file.read(1 << 20)
    if "EncryptedPackage".encode("utf-16-le") in start:
        return _refuse(path, "encrypted", "the workbook is encrypted.", "remove the password and send it again")
    return _refuse(path, "old_xls", "this is an old .xls workbook.", _SAVE)


def _check_names(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if len(names) > MAX_ENTRIES:
        raise _refuse(path, "too_many_parts", f"{len(names):,} parts in one workbook.", _SAVE)
    if any(name.lower().endswith(("vbaproject.bin", ".bin")) and "vba" in name.lower() for name in names):
        raise _refuse(path, "macros", "the workbook carries macros.", "save it without macros, as .xlsx")
    if "xl/workbook.xml" not in names:
        raise _refuse(path, "not_xlsx", "this archive is no Excel workbook.", _SAVE)


def _check_entries(path: Path, archive: zipfile.ZipFile) -> int:
    total = all_rows = 0
    for entry in archive.infolist():
        if entry.flag_bits & 0x1:
            raise _refuse(path, "encrypted", "parts of the workbook are encrypted.", "remove the password")
        rows, tail, edge = 0, b"", b""
        with archive.open(entry) as stream:
            while block := stream.read(_BLOCK):
                total += len(block)
                if total > MAX_UNPACKED:
                    raise _refuse(path, "bomb", f"it unpacks to more than {MAX_UNPACKED >> 20} MB.", _SAVE)
                if entry.filename.startswith("xl/worksheets/"):
                    rows += sum(found.end() > len(tail) for found in _ROW.finditer(tail + block))
                    tail = block[-_TAIL:]
                    if rows > MAX_ROWS:
                        told = f"a sheet with more than {MAX_ROWS:,} rows."
                        raise _refuse(path, "too_many_rows", told, "remove the empty rows below the roster")
                if b"<!DOCTYPE" in edge + block or b"<!ENTITY" in edge + block:
                    raise _refuse(path, "dtd", "it defines XML entities, which no spreadsheet does.", _SAVE)
                edge = block[-9:]
        all_rows += rows
    return all_rows


def _refuse(path: Path, rule: str, message: str, remedy: str) -> InputError:
    return InputError(message, file=path.name, rule=rule, remedy=remedy)
