"""Files that grow by batches: CSV in any encoding, Excel in parts, Parquet in row groups."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from exports.register_dirt import Dirt, Line
from exports.register_formats import Layout
from exports.workbook import pack

SHEET = "行政处罚"
ROWS_PER_WORKBOOK = 100_000


class Register(Protocol):
    """A register being written; `rows` by file relative to the folder, headings not counted."""

    rows: dict[str, int]

    def append(self, frame: pl.DataFrame, dirt: Dirt | None) -> None: ...

    def total(self, dirt: Dirt) -> None: ...

    def close(self) -> None: ...


def open_register(folder: Path, layout: Layout, day: str, part: int = 1) -> Register:
    """A new file (or the first of several) of this layout under `folder`."""
    kinds: dict[str, Callable[[Path, Layout, str, int], Register]] = {
        "csv": CsvRegister,
        "xlsx": WorkbookRegister,
        "parquet": ParquetRegister,
    }
    return kinds[layout.kind](folder, layout, day, part)


def file_name(layout: Layout, day: str, part: int) -> str:
    """Name relative to the folder; sorted names stand in order of publication."""
    return f"{layout.stem}_{day}_{part:03d}.{layout.kind}" if layout.dated else f"{layout.stem}.{layout.kind}"


class CsvRegister:
    """One CSV file, appended batch by batch."""

    def __init__(self, folder: Path, layout: Layout, day: str, part: int) -> None:
        self.layout, self.name = layout, file_name(layout, day, part)
        self._codec = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
        (folder / self.name).parent.mkdir(parents=True, exist_ok=True)
        self._file = (folder / self.name).open("wb")
        self._file.write((layout.separator.join(layout.headings) + "\n").encode(layout.encoding))
        self._line = 2
        self.rows = {self.name: 0}

    def append(self, frame: pl.DataFrame, dirt: Dirt | None) -> None:
        """Write the rows, and the dirty rows that fall between them."""
        cells = self.layout.text(frame)
        if dirt is None:
            return self._write(self._bytes(cells), cells.height)
        start = 0
        for after, line in dirt.between(cells, frame, self.layout):
            self._write(self._bytes(cells[start:after]), after - start)
            self._write_dirty(line, dirt)
            start = after
        return self._write(self._bytes(cells[start:]), cells.height - start)

    def total(self, dirt: Dirt) -> None:
        """The line of totals that spreadsheets leave at the end."""
        self._write_dirty(dirt.total_line(self.layout), dirt)

    def _write_dirty(self, line: Line, dirt: Dirt) -> None:
        dirt.note(self.name, self._line, line)
        self._write(line.text(self.layout.separator).encode(self._codec) if line.raw is None else line.raw, 1)

    def _bytes(self, cells: pl.DataFrame) -> bytes:
        text = cells.write_csv(include_header=False, separator=self.layout.separator)
        return text.encode(self._codec)

    def _write(self, data: bytes, rows: int) -> None:
        self._file.write(data)
        self._line += rows
        self.rows[self.name] += rows

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


class WorkbookRegister:
    """Excel files of at most 100,000 rows each, written as a stream."""

    def __init__(self, folder: Path, layout: Layout, day: str, part: int) -> None:
        self.folder, self.layout, self.day, self.part = folder, layout, day, part
        self.rows: dict[str, int] = {}
        self._open()

    def _open(self) -> None:
        self.name = file_name(self.layout, self.day, self.part)
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(SHEET)
        self._sheet.append(list(self.layout.headings))
        self.rows[self.name] = 0

    def append(self, frame: pl.DataFrame, dirt: Dirt | None) -> None:
        """Write the rows, starting a new workbook where one is full."""
        cells = self.layout.text(frame)
        dirty = dict(dirt.between(cells, frame, self.layout)) if dirt is not None else {}
        for number, row in enumerate(self._typed(cells, frame).iter_rows(), start=1):
            self._write(list(row))
            if number in dirty and dirt is not None:
                self._write_dirty(dirty[number], dirt)

    def _typed(self, cells: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
        """Days and sums as Excel keeps them; what clerks spoilt stays text."""
        columns = self.layout.headings.items()
        days = [frame[ours].alias(name) for name, ours in columns if frame.schema[ours] == pl.Date]
        sums = [(frame[ours] / 100).alias(name) for name, ours in columns if ours in self.layout.money]
        return cells.with_columns(*days, *sums)

    def total(self, dirt: Dirt) -> None:
        """The line of totals at the end."""
        self._write_dirty(dirt.total_line(self.layout), dirt)

    def _write_dirty(self, line: Line, dirt: Dirt) -> None:
        row = self._write([self._cell(value) for value in line.cells])
        dirt.note(self.name, row, line)

    def _cell(self, value: str | None) -> object:
        """Formulas that came as names stay text in the file, as an export program leaves them."""
        if value is None or not value.startswith("="):
            return value
        cell = WriteOnlyCell(self._sheet, value)
        cell.data_type = "s"
        return cell

    def _write(self, row: list[object]) -> int:
        if self.rows[self.name] >= ROWS_PER_WORKBOOK:
            self.close()
            self.part += 1
            self._open()
        self._sheet.append(row)
        self.rows[self.name] += 1
        return self.rows[self.name] + 1

    def close(self) -> None:
        day = datetime.strptime(self.day, "%Y%m%d")  # the clock has no place in a made-up register
        self._book.properties.created = self._book.properties.modified = day
        pack(self._book, self.folder / self.name)


class ParquetRegister:
    """One Parquet file, a row group per batch; our own types, money in fen."""

    def __init__(self, folder: Path, layout: Layout, day: str, part: int) -> None:
        self.layout, self.name = layout, file_name(layout, day, part)
        self.path = folder / self.name
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._writer: pq.ParquetWriter | None = None
        self.rows = {self.name: 0}

    def append(self, frame: pl.DataFrame, dirt: Dirt | None) -> None:
        """Write the rows; typed columns hold no dirty rows."""
        del dirt
        table = frame.select(pl.col(ours).alias(name) for name, ours in self.layout.headings.items()).to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
        self._writer.write_table(table)
        self.rows[self.name] += table.num_rows

    def total(self, dirt: Dirt) -> None:
        """Typed files have no line of totals."""

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
