"""What a reader hands on: a file's rows as they stand, and the lines that were no rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from config.errors import InputError
from models.records import REJECTED, empty

ROW = "__row__"  # row as the office sees it: the heading of a file that starts with one is row 1
TOTAL = r"^[\s\"]*(?:合计|总计|小计|共计|总数|(?i:grand total|subtotal|total|sum))[\s:：]*\d*[\s\"]*$"  # a first cell
TOTAL_REASON = "a line of totals, not a row"
VALUE_SHOWN = 120  # characters of a refused value that a message repeats


@dataclass(frozen=True)
class Raw:
    """`frame`: ROW (Int64) and one column per heading, text or the file's own types. `refused`: REJECTED rows."""

    name: str
    frame: pl.DataFrame
    refused: pl.DataFrame

    @property
    def headings(self) -> list[str]:
        return [name for name in self.frame.columns if name != ROW]

    @property
    def rows(self) -> int:
        """Rows of the file that carry anything."""
        return self.frame.height + self.refused.height


@dataclass(frozen=True)
class FileSeen:
    """A file of a delivery. `rows`: rows of the file that carry anything. `accepted`: rows of our tables that came
    from it (one row of a log may give a visit and three records). `set_aside`: superseded by a later file, of a day
    after as_of, or of an enterprise outside the register, where the source says so."""

    name: str
    sha256: str
    rows: int
    accepted: int
    rejected: int
    set_aside: int = 0
    fills: tuple[str, ...] = ()
    same_as: str | None = None  # a file of the same bytes that was read in its place


@contextmanager
def readable(name: str, what: str, remedy: str) -> Iterator[None]:
    """Whatever a library says about damaged bytes becomes an InputError: errors, and panics of compiled readers
    (which Python does not count as errors)."""
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"not a readable {what} ({reason[:VALUE_SHOWN]})."
        raise InputError(message, file=name, rule="unreadable", remedy=remedy) from error


def refusals(file: str, found: Sequence[tuple[int, str, str, str]]) -> pl.DataFrame:
    """REJECTED rows for whole lines: (row, rule, value, reason)."""
    if not found:
        return empty(REJECTED)
    rows = [(file, row, rule, None, value[:VALUE_SHOWN], reason) for row, rule, value, reason in found]
    return pl.DataFrame(rows, schema=REJECTED, orient="row")


def without_totals(raw: Raw) -> Raw:
    """Rows that begin with a word for a total and are blank in half of their cells or more become refusals."""
    cells = [pl.col(name) for name in raw.headings]
    blank = pl.sum_horizontal(cell.is_null() for cell in cells)
    total = pl.coalesce(cells).str.contains(TOTAL) & (2 * blank >= len(cells))
    rows = raw.frame.filter(total.fill_null(False))
    if rows.is_empty():
        return raw
    found = [(row[0], "total_line", "|".join(filter(None, row[1:])), TOTAL_REASON) for row in rows.iter_rows()]
    refused = pl.concat([raw.refused, refusals(raw.name, found)]).sort("row", maintain_order=True)
    return Raw(raw.name, raw.frame.filter(~total.fill_null(False)), refused)
