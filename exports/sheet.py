"""One sheet of a workbook, written from top to bottom: titles and tables, then checks, filter and print set-up."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING, Any

import polars as pl
from lxml import etree
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation

from exports.cells import ILLEGAL, Cell, Value, cell_xml, formula_cells, number_cells, text_cells
from exports.heights import fitting, lines
from exports.layout import Column, Form, Kind, Language, letter
from exports.styles import style_of

if TYPE_CHECKING:
    from exports.workbook import Book

BATCH = 200  # rows made at a time
EPOCH_TO_UNIX = 25_569  # days from the epoch of spreadsheets to 1970-01-01
_DIVISORS = {Kind.share: 1000, Kind.points: 1000}


class Sheet:
    """A sheet being streamed.

    widths: of columns, in characters; freeze: first cell that scrolls ("A5"); repeat: rows printed on every page
    ("1:4"); repeat_columns: likewise ("A:E"); hidden: letters of hidden columns; footer: left part of the page footer.
    """

    def __init__(
        self,
        book: Book,
        worksheet: Any,
        widths: Sequence[float],
        *,
        landscape: bool = True,
        freeze: str | None = None,
        repeat: str | None = None,
        hidden: Sequence[str] = (),
        footer: str = "",
        tab: str | None = None,
        pages_wide: int = 1,
        repeat_columns: str | None = None,
    ) -> None:
        self.book, self.worksheet, self.widths, self.next_row = book, worksheet, widths, 1
        self._rows: Generator[None, str, None] | None = None
        self._set_columns(widths, hidden)
        if freeze:
            worksheet.freeze_panes = freeze
        if tab:
            worksheet.sheet_properties.tabColor = tab.lstrip("#")
        self._set_print(landscape, repeat, footer)
        worksheet.page_setup.fitToWidth = pages_wide
        if repeat_columns:
            worksheet.print_title_cols = repeat_columns

    @property
    def title(self) -> str:
        return str(self.worksheet.title)

    def row(self, values: Sequence[Value | Cell], style: str = "text", height: float | None = None) -> int:
        """Append one row, as tall as its text asks for unless told; plain values take `style`. Returns its number."""
        number = self.next_row
        height = height or fitting(
            max((_lines(v, style, w) for v, w in zip(values, self.widths, strict=False)), default=1)
        )
        parts = []
        for index, value in enumerate(values):
            if value is None:
                continue
            cell = value if isinstance(value, Cell) else Cell(value, style)
            plain, quoted = self.book.style_number(cell.style), self.book.style_number(cell.style, True)
            parts.append(cell_xml(f"{letter(index)}{number}", cell, plain, quoted))
        size = f' ht="{height:g}" customHeight="1"' if height else ""
        self._send(f'<row r="{number}"{size}>{"".join(parts)}</row>')
        self.next_row += 1
        return number

    def merge(self, row: int, first: int, last: int) -> None:
        """Merge the cells of a row from column index `first` to `last`."""
        self.worksheet.merged_cells.add(f"{letter(first)}{row}:{letter(last)}{row}")

    def headings(self, form: Form, language: Language) -> int:
        """The heading row of a form, with a filter over it."""
        cells = [Cell(c.heading(language), "heading entry" if c.entry else "heading") for c in form.columns]
        tallest = max((lines(c.heading(language), c.width * 0.85) for c in form.columns), default=1)  # bold is wider
        return self.row(cells, height=fitting(tallest, least=48 if language == "both" else 30))

    def table(self, form: Form, frame: pl.DataFrame, *, height: float = 0) -> tuple[int, int]:
        """Append the frame's rows under the form's columns (missing ones stay blank, entry ones open).

        A row is as tall as its text asks for, and at least `height` points. Returns the first and last row number
        (last = first − 1 for an empty frame).
        """
        first = self.next_row
        for part in frame.iter_slices(BATCH):
            rows = [str(number) for number in range(self.next_row, self.next_row + part.height)]
            heads = (f'<row r="{row}"{size}>' for row, size in zip(rows, _sizes(form, part, height), strict=True))
            cells = (self._column_cells(form, column, part, rows) for column in form.columns)
            self._send("".join(map("".join, zip(heads, *cells, repeat("</row>", part.height), strict=True))))
            self.next_row += part.height
        return first, self.next_row - 1

    def filter(self, form: Form, heading: int, last: int) -> None:
        self.worksheet.auto_filter.ref = f"A{heading}:{letter(len(form.columns) - 1)}{max(last, heading)}"

    def drop_down(self, cells: str, source: str, title: str, message: str) -> None:
        """Offer a list; `source` is a range or a quoted, comma-separated list."""
        check = DataValidation("list", formula1=source, allow_blank=True)
        self._check(check, cells, title, message)

    def dates_only(self, cells: str, first: str, last: str, title: str, message: str) -> None:
        """Accept dates from `first` to `last` only (formulas or ISO days as DATE(...))."""
        check = DataValidation("date", operator="between", formula1=first, formula2=last, allow_blank=True)
        self._check(check, cells, title, message)

    def fixed(self, cells: str, title: str, message: str) -> None:
        """Refuse typing over facts of the plan (sorting and removing columns stay possible)."""
        self._check(DataValidation("custom", formula1="FALSE", allow_blank=False), cells, title, message)

    def _check(self, check: DataValidation, cells: str, title: str, message: str) -> None:
        check.showErrorMessage = True
        check.errorTitle, check.error = title[:32], message[:225]
        check.promptTitle, check.prompt = title[:32], message[:255]
        check.showInputMessage = check.type != "custom"
        check.add(cells)
        self.worksheet.data_validations.append(check)

    def highlight(self, cells: str, formula: str, fill: str, bold: bool = False) -> None:
        """Colour cells for which a formula holds."""
        rule = FormulaRule(formula=[formula], fill=PatternFill(bgColor=fill.lstrip("#")), font=Font(bold=bold))
        self.worksheet.conditional_formatting.add(cells, rule)

    def protect(self, *, sorting: bool = False) -> None:
        """Protect locked cells (no password: against slips, not against people)."""
        protection = self.worksheet.protection
        protection.sheet = True
        protection.formatCells = protection.formatRows = False
        protection.autoFilter = False
        if sorting:
            protection.sort = protection.insertRows = protection.deleteRows = protection.deleteColumns = False

    def _column_cells(self, form: Form, column: Column, part: pl.DataFrame, rows: list[str]) -> list[str]:
        values = part[column.id] if column.id in part.columns else None
        at, style = form.letters[column.id], style_of(column)
        plain, quoted = self.book.style_number(style), self.book.style_number(style, True)
        if column.kind is Kind.formula and column.formula and not column.entry:
            formula = column.formula
            for other, where in form.letters.items():
                formula = formula.replace("{" + other + "}", where)
            return formula_cells(formula, rows if values is None else _texts(values), at, rows, plain)
        if values is None:
            return text_cells(repeat(None, len(rows)), at, rows, plain, quoted)
        if values.dtype == pl.Date:
            return number_cells(values.cast(pl.Int32) + EPOCH_TO_UNIX, at, rows, plain)
        if values.dtype.is_numeric():
            return number_cells(values, at, rows, plain, _DIVISORS.get(column.kind, 1))
        tiers = self._tiers(values) if column.kind is Kind.tier else None
        return text_cells(_texts(values), at, rows, plain, quoted, tiers)

    def _tiers(self, values: pl.Series) -> dict[str, tuple[int, int]]:
        """Style numbers of the tiers among these values, plain and with quote prefix."""
        return {
            tier: (self.book.style_number(f"tier {tier}"), self.book.style_number(f"tier {tier}", True))
            for tier in sorted({text for text in _texts(values) if text})
            if f"tier {tier}" in self.book.workbook.named_styles
        }

    def _send(self, rows: str) -> None:
        """Hand finished row XML to the sheet's stream."""
        if self._rows is None:
            writer = self.worksheet._writer = _Writer(self.worksheet)
            writer.write_top()
            self._rows = self.worksheet._rows = _stream(writer)
            next(self._rows)
        self._rows.send(ILLEGAL.sub("", rows) if ILLEGAL.search(rows) else rows)

    def _set_columns(self, widths: Sequence[float], hidden: Sequence[str]) -> None:
        for index, width in enumerate(widths):
            dimension = self.worksheet.column_dimensions[letter(index)]
            dimension.width = width
            dimension.hidden = letter(index) in hidden

    def _set_print(self, landscape: bool, repeat: str | None, footer: str) -> None:
        sheet = self.worksheet
        sheet.page_setup.orientation = "landscape" if landscape else "portrait"
        sheet.page_setup.paperSize = sheet.PAPERSIZE_A4 if hasattr(sheet, "PAPERSIZE_A4") else 9
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_margins.left = sheet.page_margins.right = 0.4
        sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.5, 0.75, 0.3
        sheet.oddFooter.left.text = footer.replace("&", "&&")[:200]
        sheet.oddFooter.left.size = sheet.oddFooter.right.size = 8
        sheet.oddFooter.right.text = "&P / &N"
        if repeat:
            sheet.print_title_rows = repeat


def _texts(values: pl.Series) -> list[str | None]:
    """The values as text (numbers of a text column as polars writes them)."""
    return (values if values.dtype == pl.String else values.cast(pl.String)).to_list()


def _lines(value: Value | Cell, style: str, width: float) -> int:
    """Lines of one cell; only the text style wraps."""
    text, style = (value.value, value.style) if isinstance(value, Cell) else (value, style)
    return lines(text, width) if isinstance(text, str) and style == "text" else 1


def _sizes(form: Form, part: pl.DataFrame, least: float) -> Iterator[str]:
    """The attribute that sets each row's height, blank where the usual one will do."""
    wrapped = [
        c for c in form.columns if c.kind is Kind.text and c.id in part.columns and part[c.id].dtype == pl.String
    ]
    counts = [[lines(text, c.width) if text else 1 for text in part[c.id].to_list()] for c in wrapped]
    for tallest in map(max, zip(*counts, strict=True)) if counts else repeat(1, part.height):
        height = fitting(tallest, least)
        yield f' ht="{height:g}" customHeight="1"' if height else ""


class _Writer(WorksheetWriter):  # type: ignore[misc]  # openpyxl has no types
    """openpyxl's writer of a sheet over a file that finished rows can be written to as they are."""

    out: Any
    dropped = rows_ended = False

    def get_stream(self) -> Generator[Any, Any, None]:
        path: Any = self.out
        with open(path, "wb") as self.file:
            self.out = self.file
            stream = super().get_stream()
            next(stream)
            self.out = path
            try:
                yield from stream
            except etree.LxmlSyntaxError:  # a book thrown away in the midst of its rows
                self.dropped = True
                if self.rows_ended:
                    raise


def _stream(writer: _Writer) -> Generator[None, str, None]:
    xf = writer.xf.send(True)
    try:
        with xf.element("sheetData"):
            xf.flush()
            with suppress(GeneratorExit):
                while True:
                    writer.file.write((yield).encode())
    except etree.LxmlSyntaxError:
        if not writer.dropped:
            raise
        return
    writer.rows_ended = True
    writer.xf.send(None)
