"""Excel workbooks, read with fastexcel after a look at what the file really is.

Refused before parsing: old .xls, encrypted and macro workbooks, pictures, and zip bombs.
"""

from __future__ import annotations

import io
import zipfile

import fastexcel
import polars as pl

from config.errors import InputError
from models.intake.csv_text import TOTAL_LINE, unique_headings
from models.intake.packed import allowed_size
from models.intake.raw import ROW, Raw, refusals

OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
MOST_PARTS = 5_000
MOST_COLUMNS = 1_000
ERRORS = {"NA": "#N/A", "Ref": "#REF!", "Value": "#VALUE!", "Div0": "#DIV/0!", "Name": "#NAME?", "Null": "#NULL!"}
SAVE_AS = "open it and save it as .xlsx without password and macros"


def read_sheet(name: str, data: bytes, *, sheet: str | None) -> Raw:
    """One sheet (the first unless named), all columns text; ROW is the sheet's own row number."""
    check_workbook(name, data)
    try:
        reader = fastexcel.read_excel(data)
        if sheet is not None and sheet not in reader.sheet_names:
            known = ", ".join(reader.sheet_names[:8])
            raise InputError(f"no sheet {sheet!r}; there is {known}.", file=name, rule="missing_sheet")
        cells = reader.load_sheet(sheet if sheet is not None else 0, header_row=None, skip_rows=0, dtypes="string")
        batch, errors = cells.to_arrow_with_errors()
    except InputError:
        raise
    except (fastexcel.FastExcelError, ValueError, RuntimeError) as error:
        raise InputError(f"not a readable workbook ({error}).", file=name, rule="unreadable", remedy=SAVE_AS) from error
    frame = pl.DataFrame(pl.from_arrow(batch))
    if frame.is_empty():
        raise InputError("the sheet is empty.", file=name, rule="empty_file", remedy="ask for it again")
    if frame.width > MOST_COLUMNS:
        raise InputError(f"{frame.width} columns.", file=name, rule="unreadable", remedy="remove stray columns")
    for broken in errors.errors if errors is not None else ():
        row, column = broken.offset_position
        frame[row, column] = next((shown for kind, shown in ERRORS.items() if kind in broken.detail), "#ERROR")
    return _rows(name, frame)


def _rows(name: str, cells: pl.DataFrame) -> Raw:
    numbered = cells.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    filled = numbered.filter(pl.any_horizontal(pl.exclude(ROW).str.strip_chars() != ""))
    if filled.is_empty():
        raise InputError("the sheet is empty.", file=name, rule="empty_file", remedy="ask for it again")
    head = [str(cell) if cell is not None else "" for cell in filled.row(0)[1:]]
    body = filled.slice(1)
    body.columns = [ROW, *unique_headings(head)]
    total = pl.coalesce(pl.exclude(ROW)).str.contains(TOTAL_LINE).fill_null(False)
    found = [
        (
            row[0],
            "total_line",
            "|".join(str(cell) for cell in row[1:] if cell is not None),
            "a line of totals, not a row",
        )
        for row in body.filter(total).iter_rows()
    ]
    return Raw(name, body.filter(~total), refusals(name, found))


def check_workbook(name: str, data: bytes) -> None:
    """InputError unless the bytes are an .xlsx without password, macros or an absurd unpacked size."""
    if data.startswith(OLE):
        kind = "encrypted" if "EncryptedPackage".encode("utf-16-le") in data else "in the old .xls format"
        raise InputError(f"the workbook is {kind}.", file=name, rule="unreadable", remedy=SAVE_AS)
    if not data.startswith(ZIP):
        raise InputError("not a workbook, whatever its name says.", file=name, rule="unreadable", remedy=SAVE_AS)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise InputError(f"a damaged workbook ({error}).", file=name, rule="unreadable", remedy=SAVE_AS) from error
    size = sum(part.file_size for part in parts)
    if size > allowed_size(len(data)) or len(parts) > MOST_PARTS:
        raise InputError(f"unpacks to {size:,} bytes in {len(parts)} parts.", file=name, rule="zip_bomb")
    names = {part.filename.lower() for part in parts}
    if any(part.endswith("vbaproject.bin") for part in names):
        raise InputError("the workbook contains macros.", file=name, rule="macros", remedy=SAVE_AS)
    if "[content_types].xml" not in names:
        raise InputError("a zip file, but not a workbook.", file=name, rule="unreadable", remedy=SAVE_AS)
