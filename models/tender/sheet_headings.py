"""The headings of an office's sheet: below a title where one stands there, and what columns it has beside ours."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from models.tender.sheet_columns import SCORE, SheetTable, fold

TITLE_ROWS = 10  # rows looked at for the headings
YUAN = ("(元)", "（元）")


def our_name(heading: str, names: dict[str, str]) -> str | None:
    """Our name of a heading; 投标报价(元) is 投标报价, other units are not ours."""
    plain = heading.strip()
    for unit in YUAN:
        plain = plain.removesuffix(unit)
    return names.get(fold(plain))


def below_title(frame: pl.DataFrame, table: SheetTable) -> tuple[pl.DataFrame, int]:
    """The rows under their headings, and the number of the first of them as the office counts.

    frame: text, read with the first row of the sheet as headings. Unchanged where no row has all headings needed.
    """
    names = table.names_of()
    needed = {column.name for column in table.columns if column.needed}

    def has_all(headings: Iterable[str | None]) -> bool:
        return needed <= {our_name(heading, names) for heading in headings if heading}

    if has_all(frame.columns):
        return frame, 2
    for place, values in enumerate(frame.head(TITLE_ROWS).iter_rows()):
        if has_all(values):
            headings = [value if value else f"column {number + 1}" for number, value in enumerate(values)]
            if len(set(headings)) < len(headings):
                return frame, 2
            return frame.slice(place + 1).rename(dict(zip(frame.columns, headings, strict=True))), place + 3
    return frame, 2


def strange(headings: Iterable[str], table: SheetTable) -> list[str]:
    """Columns that are neither ours nor a judge's."""
    names = table.names_of()
    return [heading for heading in headings if our_name(heading, names) is None and SCORE not in heading]
