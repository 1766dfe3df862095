"""A workbook that comes back, opened: what it is by its hidden facts, and its sheets with the headings of a form."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastexcel

from config.errors import InputError
from exports.facts import FORMAT, KIND, ROSTER_KIND
from exports.filled_in import FACTS
from exports.layout import Form
from exports.returned_file import check_workbook
from exports.returned_rows import Problem, Reader, find_heading
from models.intake.raw import readable
from models.intake.sheets import check_extent

WHOLE = 30_000  # rows up to which an answer repeats the whole workbook


@dataclass(frozen=True)
class Page:
    """A sheet that people fill in. `columns`: position by column id."""

    sheet: str
    heading: int
    columns: dict[str, int]
    cells: list[tuple[Any, ...]]

    def read(self, reader: Reader) -> tuple[list[dict[str, Any]], list[Problem], int]:
        """Filled rows, refused ones, and how many nobody has filled in."""
        rows: list[dict[str, Any]] = []
        problems: list[Problem] = []
        blank = 0
        named = "key" if "key" in self.columns else reader.form.known_by[0]
        for index, row in enumerate(self.cells[self.heading + 1 :], start=self.heading + 2):
            outcome = reader.read(index, {name: row[at] for name, at in self.columns.items()})
            if outcome is None:
                blank += bool(row[self.columns[named]])
            elif isinstance(outcome, Problem):
                problems.append(outcome)
            else:
                rows.append(outcome)
        return rows, problems, blank


class ReturnedBook:
    """An open workbook made by evenhand. `size`: rows of all its sheets."""

    def __init__(self, path: Path, book: Any, size: int) -> None:
        self.path, self._book, self.size = path, book, size
        self.facts = self._facts()

    @property
    def kind(self) -> str:
        """What it is; rosters written before there were others do not say."""
        return self.facts.get(KIND, ROSTER_KIND)

    def pages(self, form: Form) -> Iterator[Page]:
        """Its sheets that bear the form's headings."""
        for name in self._book.sheet_names:
            if not str(name).startswith("_"):
                cells = self._cells(name)
                found = find_heading(cells, form)
                if found is not None:
                    yield Page(str(name), found[0], found[1], cells)

    def refuse(self, rule: str, message: str, remedy: str) -> InputError:
        return InputError(message, file=self.path.name, rule=rule, remedy=remedy)

    def _facts(self) -> dict[str, str]:
        if FACTS not in self._book.sheet_names:
            message = "not a roster made by evenhand, nor a list of examinations: its hidden facts are missing."
            raise self.refuse("unrecognised", message, "fill in the workbook you were sent, not a copy of its cells")
        found = {str(row[0]): str(row[1]) for row in self._cells(FACTS) if len(row) > 1 and row[0]}
        if found.get("evenhand_format") != FORMAT:
            told = f"its layout is version {found.get('evenhand_format')}, this is {FORMAT}."
            raise self.refuse("format", told, "have the workbook written again")
        return found

    def _cells(self, sheet: str) -> list[tuple[Any, ...]]:
        """Every row of a sheet from its first one, as text."""
        table = self._book.load_sheet(sheet, header_row=None, skip_rows=0, dtypes="string", dtype_coercion="coerce")
        return list(table.to_polars().iter_rows())


@contextmanager
def opened(path: Path, what: str = "workbook") -> Iterator[ReturnedBook]:
    """The workbook, checked at the door; errors and panics of the compiled reader become InputError."""
    size = check_workbook(path)
    check_extent(path.name, path.read_bytes())
    with readable(path.name, what, "save it again as .xlsx"):
        yield ReturnedBook(path, fastexcel.read_excel(path), size)


def kind_of(path: Path) -> str:
    """What kind of workbook comes back; InputError where it is none of evenhand's."""
    with opened(path) as book:
        return book.kind
