"""What stands at the head of every sheet: title, facts of the run, and the banner."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from config.in_force import Policy
from exports.facts import Approval, Facts, standing
from exports.heights import fitting, lines
from exports.layout import Form, Language, letter
from exports.sheet import Sheet
from exports.workbook import MAX_ROWS, Book

HEAD_ROWS = 3  # title, facts, banner; the headings stand in row 4


def open_page(
    book: Book,
    form: Form,
    title: str,
    facts: Facts,
    approval: Approval | None,
    language: Language,
    *,
    tab_title: str | None = None,
    tab: str | None = None,
) -> Sheet:
    """A sheet of this form with its three head rows, ready for headings."""
    sheet = book.sheet(
        tab_title or form.title(language),
        [c.width for c in form.columns],
        landscape=form.landscape,
        freeze=f"{form.scrolls_from}{HEAD_ROWS + 2}",
        repeat=f"1:{HEAD_ROWS + 1}",
        hidden=[form.letters[c.id] for c in form.columns if c.kind == "key"],
        footer=f"{standing(approval, language)} · {facts.run}",
        tab=tab,
        pages_wide=form.pages_wide,
        repeat_columns=form.repeat_columns,
    )
    sheet.row([title], "title", height=30)
    note = form.note(language).replace("\n", "  ")
    sheet.row([f"{facts.line(language)}   {note}".strip()], "facts", height=16)
    last, banner = len(form.columns) - 1, standing(approval, language)
    height = fitting(lines(banner, sum(sheet.widths) * 0.8), least=20)  # bold type is wider
    sheet.merge(sheet.row([banner] + [""] * last, "banner", height=height), 0, last)
    return sheet


def write_parts(
    book: Book,
    form: Form,
    title: str,
    rows: pl.DataFrame,
    facts: Facts,
    approval: Approval | None,
    language: Language,
    *,
    most: int = MAX_ROWS - HEAD_ROWS - 1,
) -> list[Sheet]:
    """The rows on one sheet, or on as many as spreadsheets' limit of rows asks for; the parts say which they are."""
    sheets = []
    parts = list(_parts(rows, most))
    for number, part in enumerate(parts, start=1):
        which = f" ({number}/{len(parts)})" if len(parts) > 1 else ""
        tab = f"{form.title(language)[: 31 - len(which)]}{which}"
        sheet = open_page(book, form, title + which, facts, approval, language, tab_title=tab)
        heading = sheet.headings(form, language)
        _, last = sheet.table(form, part)
        sheet.filter(form, heading, last)
        sheets.append(sheet)
    return sheets


def _parts(rows: pl.DataFrame, most: int) -> Iterator[pl.DataFrame]:
    yield rows.head(most)
    yield from (rows.slice(start, most) for start in range(most, rows.height, most))


def tier_names(policy: Policy, language: Language) -> dict[str, str]:
    """Title of each tier by id."""
    return {tier.id: tier.title.en if language == "en" else tier.title.zh for tier in policy.tiers}


def column_range(form: Form, column: str, first: int, last: int) -> str:
    """Cells of one column: 'C5:C90'."""
    at = form.letters[column]
    return f"{at}{first}:{at}{last}"


def width_to(form: Form) -> str:
    """Letter of the last column."""
    return letter(len(form.columns) - 1)
