"""Rows as real exports have them: wrong check characters, shifted columns, mixed dates, totals, stray bytes.

Dirty rows are extra rows, one after every `EVERY` clean ones, the kinds taking turns, and each is noted with file
and row in truth/dirty_rows.csv: `rejected` (intake must refuse it), `mended` (it may put it right and take it) or
`skipped` (an empty line).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from exports.register_formats import Layout

EVERY = 90
MENDED = {"padded_id", "date_form", "formula_name", "full_width"}
_PERSON = "210602189001010012"
Cells = dict[str, str | None]


@dataclass(frozen=True)
class Line:
    """One dirty row: its cells, or the bytes of its line where no cells would show it."""

    rule: str
    cells: list[str | None]
    raw: bytes | None = None

    @property
    def expected(self) -> str:
        """What intake should do with it."""
        return "skipped" if self.rule == "empty_line" else "mended" if self.rule in MENDED else "rejected"

    def text(self, separator: str) -> str:
        """As a line of CSV."""
        return separator.join(_quoted(cell or "", separator) for cell in self.cells) + "\n"


def _quoted(cell: str, separator: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if separator in cell or '"' in cell else cell


@dataclass
class Dirt:
    """The dirty rows of one register. `spare` yields valid codes of enterprises that are in no register."""

    as_of: date
    spare: Iterator[str]
    clean: int = 0
    made: int = 0
    notes: list[tuple[str, int, str, str]] = field(default_factory=list)

    def between(self, cells: pl.DataFrame, frame: pl.DataFrame, layout: Layout) -> Iterator[tuple[int, Line]]:
        """Dirty rows with the number of this batch's clean rows that stand before each."""
        first = EVERY - self.clean % EVERY
        self.clean += cells.height
        for after in range(first, cells.height + 1, EVERY):
            yield after, self._line(cells.row(after - 1, named=True), layout)

    def _line(self, row: Cells, layout: Layout) -> Line:
        kinds = kinds_for(layout)
        rule = kinds[self.made % len(kinds)]
        self.made += 1
        own = layout.heading("act_id")
        if own is not None and rule != "duplicate_id":
            row[own] = f"{row[own]}-{self.made}"
        elif own is None and rule in MENDED:
            row[layout.heading("uscc") or ""] = next(self.spare)
        return _SPOIL[rule](row, layout, self.as_of)

    def total_line(self, layout: Layout) -> Line:
        """合计 and a sum."""
        money = layout.heading("amount")
        values = {name: "1234567.80" if name == money else None for name in layout.headings}
        return Line("total_line", ["合计", *list(values.values())[1:]])

    def note(self, file: str, row: int, line: Line) -> None:
        """Keep where the row went; rows are counted as the office sees them, the heading being row 1."""
        self.notes.append((file, row, line.rule, line.expected))


def notes_frame(dirt: Iterable[Dirt]) -> pl.DataFrame:
    """file, row, rule, expected of every dirty row."""
    schema = {"file": pl.String, "row": pl.Int64, "rule": pl.String, "expected": pl.String}
    return pl.DataFrame([note for each in dirt for note in each.notes], schema=schema, orient="row")


def kinds_for(layout: Layout) -> tuple[str, ...]:
    """Kinds of dirt that can occur in such a file, in the order of their turns."""
    kinds = ["check_character", "padded_id", "date_form", "bad_date", "future_date", "duplicate_id"]
    kinds += ["person_as_subject", "error_value", "full_width"]
    if layout.heading("amount"):
        kinds += ["negative_amount", "unknown_item"]
    if layout.heading("name"):
        kinds += ["formula_name"]
    if layout.kind == "csv":
        kinds += ["column_count", "bad_bytes", "empty_line"]
    return tuple(kinds)


def _with(rule: str, column: str, change: Callable[[str, Layout, date], str]) -> Callable[[Cells, Layout, date], Line]:
    """Spoil one cell; `day` stands for the day of the act or of registration."""

    def spoil(row: Cells, layout: Layout, as_of: date) -> Line:
        ours = ("act_date" if layout.heading("act_date") else "registered_on") if column == "day" else column
        heading = layout.heading(ours) or ""
        row[heading] = change(row[heading] or "", layout, as_of)
        return Line(rule, list(row.values()))

    return spoil


def _other_check(code: str, layout: Layout, as_of: date) -> str:
    return code[:-1] + ("1" if code[-1] != "1" else "2")


def _padded(code: str, layout: Layout, as_of: date) -> str:
    return f"  {code.lower()} "


def _full_width(code: str, layout: Layout, as_of: date) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in code)


def _other_form(text: str, layout: Layout, as_of: date) -> str:
    """The same day as another clerk writes it."""
    parts = text.split("/")[::-1] if layout.separator == ";" else text.split("-")
    year, month, day = (int(part) for part in parts)
    forms = (f"{year}/{month}/{day}", f"{year}年{month}月{day}日", f"{year}{month:02d}{day:02d}")
    return forms[(year + month + day) % 3]


def _no_day(text: str, layout: Layout, as_of: date) -> str:
    return "31/02/2025" if layout.separator == ";" else "2025-02-30"


def _later(text: str, layout: Layout, as_of: date) -> str:
    return (as_of + timedelta(days=4000)).strftime(layout.date_form)


def _short_row(row: Cells, layout: Layout, as_of: date) -> Line:
    return Line("column_count", list(row.values())[:-2])


def _stray_bytes(row: Cells, layout: Layout, as_of: date) -> Line:
    cells = Line("bad_bytes", list(row.values()))
    codec = "utf-8" if layout.encoding == "utf-8-sig" else layout.encoding
    start = cells.text(layout.separator).encode(codec)
    return Line("bad_bytes", cells.cells, raw=start[:4] + b"\xff\xfe\x81" + start[4:])


_SPOIL: dict[str, Callable[[Cells, Layout, date], Line]] = {
    "check_character": _with("check_character", "uscc", _other_check),
    "padded_id": _with("padded_id", "uscc", _padded),
    "full_width": _with("full_width", "uscc", _full_width),
    "person_as_subject": _with("person_as_subject", "uscc", lambda code, layout, as_of: _PERSON),
    "date_form": _with("date_form", "day", _other_form),
    "bad_date": _with("bad_date", "day", _no_day),
    "future_date": _with("future_date", "day", _later),
    "error_value": _with("error_value", "day", lambda text, layout, as_of: "#N/A"),
    "negative_amount": _with("negative_amount", "amount", lambda text, layout, as_of: "-500.00"),
    "unknown_item": _with("unknown_item", "item", lambda text, layout, as_of: "x-999"),
    "formula_name": _with("formula_name", "name", lambda text, layout, as_of: '=HYPERLINK("#A1","查看")'),
    "duplicate_id": lambda row, layout, as_of: Line("duplicate_id", list(row.values())),
    "column_count": _short_row,
    "bad_bytes": _stray_bytes,
    "empty_line": lambda row, layout, as_of: Line("empty_line", [], raw=b"\n"),
}
