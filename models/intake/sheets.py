"""Excel workbooks, read with fastexcel after a look at what the file really is.

Refused before parsing: old .xls, encrypted and macro workbooks, pictures, and zip bombs.
"""

from __future__ import annotations

import io
import zipfile

import fastexcel
import polars as pl

from config.errors import InputError
from models.intake.csv_text import MOST_COLUMNS, unique_headings
from models.intake.extent import largest_sheet
from models.intake.packed import allowed_size
from models.intake.raw import ROW, Raw, readable, refusals, without_totals

OLE = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
LONG_FRACTION = r"^-?\d{1,15}\.\d{5,}$"
MOST_CELLS = 50_000_000
MOST_PARTS = 5_000
ERRORS = {"NA": "#N/A", "Ref": "#REF!", "Value": "#VALUE!", "Div0": "#DIV/0!", "Name": "#NAME?", "Null": "#NULL!"}
SAVE_AS = "open it and save it as .xlsx without password and macros"


def read_sheet(name: str, data: bytes, *, sheet: str | None, headings_at: int = 1) -> Raw:
    """One sheet (the first unless named), all columns text; ROW is the sheet's own row number."""
    check_workbook(name, data)
    check_extent(name, data)
    with readable(name, "workbook", SAVE_AS):
        reader = fastexcel.read_excel(data)
        if sheet is not None and sheet not in reader.sheet_names:
            known = ", ".join(reader.sheet_names[:8])
            raise InputError(f"no sheet {sheet!r}; there is {known}.", file=name, rule="missing_sheet")
        cells = reader.load_sheet(sheet if sheet is not None else 0, header_row=None, skip_rows=0, dtypes="string")
        batch, errors = cells.to_arrow_with_errors()
    frame = pl.DataFrame(pl.from_arrow(batch))
    if frame.is_empty():
        raise InputError("the sheet is empty.", file=name, rule="empty_file", remedy="ask for it again")
    shown = _with_errors(frame.with_columns(_as_shown(pl.all())), errors.errors if errors is not None else [])
    return _rows(name, shown, headings_at)


def _as_shown(cells: pl.Expr) -> pl.Expr:
    """Numbers as spreadsheets show them: 15 significant digits, so 18128328.699999999 is 18128328.7."""
    number = cells.cast(pl.Float64, strict=False).round_sig_figs(15).cast(pl.String)
    return pl.when(cells.str.contains(LONG_FRACTION)).then(number).otherwise(cells)


def _with_errors(frame: pl.DataFrame, errors: list[fastexcel.CellError]) -> pl.DataFrame:
    """The sheet's error values as the office sees them (#N/A); the reader gives blanks for them."""
    places: dict[int, list[tuple[int, str]]] = {}
    for broken in errors:
        row, column = broken.offset_position
        shown = next((shown for kind, shown in ERRORS.items() if kind in broken.detail), "#ERROR")
        places.setdefault(column, []).append((row, shown))
    for column, cells in places.items():
        rows, texts = zip(*cells, strict=True)
        frame.replace_column(column, frame.to_series(column).scatter(list(rows), list(texts)))
    return frame


def _rows(name: str, cells: pl.DataFrame, headings_at: int) -> Raw:
    numbered = cells.with_row_index(ROW, offset=1).with_columns(pl.col(ROW).cast(pl.Int64))
    something = pl.any_horizontal(pl.exclude(ROW).str.strip_chars() != "")
    filled = numbered.filter(something & (pl.col(ROW) >= headings_at))
    if filled.is_empty():
        raise InputError("the sheet is empty.", file=name, rule="empty_file", remedy="ask for it again")
    body = filled.slice(1)
    body.columns = [ROW, *unique_headings([cell or "" for cell in filled.row(0)[1:]])]
    return without_totals(Raw(name, body, refusals(name, [])))


def check_extent(name: str, data: bytes) -> None:
    """InputError for a sheet that reaches so far that reading it would take more memory than a machine has."""
    with readable(name, "workbook", SAVE_AS), zipfile.ZipFile(io.BytesIO(data)) as archive:
        rows, columns = largest_sheet(archive)
    if rows * columns > MOST_CELLS or columns > MOST_COLUMNS:
        message = f"a sheet reaches to row {rows:,} and column {columns:,}."
        raise InputError(message, file=name, rule="extent", remedy="delete stray cells far out, or deliver in parts")


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
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:  # e.g. packed by "version 15.3"
        raise InputError(f"a damaged workbook ({error}).", file=name, rule="unreadable", remedy=SAVE_AS) from error
    size = sum(part.file_size for part in parts)
    if size > allowed_size(len(data)) or len(parts) > MOST_PARTS:
        raise InputError(f"unpacks to {size:,} bytes in {len(parts)} parts.", file=name, rule="zip_bomb")
    names = {part.filename.lower() for part in parts}
    if any(part.endswith("vbaproject.bin") for part in names):
        raise InputError("the workbook contains macros.", file=name, rule="macros", remedy=SAVE_AS)
    if "[content_types].xml" not in names:
        raise InputError("a zip file, but not a workbook.", file=name, rule="unreadable", remedy=SAVE_AS)
