"""Sheets that people fill in and send back: drop-downs, checked dates, guarded facts, and what the workbook hides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from exports.cells import Cell
from exports.layout import Column, Form, Kind, Language, both, letter
from exports.page import column_range
from exports.sheet import Sheet
from exports.words import Term
from exports.workbook import Book

LISTS = "_lists"
FACTS = "_evenhand"
Lists = Mapping[str, tuple[Term, ...]]


def guard_entries(
    sheet: Sheet, form: Form, lists: Lists, not_before: Mapping[str, date], language: Language, first: int, last: int
) -> None:
    """Drop-downs and date checks with messages on the columns people fill in, for rows `first` to `last`.

    `not_before`: earliest day by column; the others admit any.
    """
    for place, column in enumerate(_with_list(form)):
        if not lists[str(column.choices)]:
            continue
        at = letter(place)
        source = f"'{LISTS}'!${at}$2:${at}${len(lists[str(column.choices)]) + 1}"
        sheet.drop_down(column_range(form, column.id, first, last), source, *_choose(column, language))
    earliest = min(not_before.values())
    message = both(
        f"请填写日期（{earliest:%Y-%m-%d}以后），格式 2026-05-01。",
        "Enter a date, as 2026-05-01, not before the plan.",
        language,
    )
    for column in (c for c in form.entries() if c.kind is Kind.date):
        begin = f"DATE({not_before.get(column.id, date(2000, 1, 1)):%Y,%-m,%-d})"
        cells = column_range(form, column.id, first, last)
        sheet.dates_only(cells, begin, "DATE(2100,12,31)", column.heading(language).replace("\n", " "), message)


def _choose(column: Column, language: Language) -> tuple[str, str]:
    message = both("请从下拉列表中选择。", "Choose from the list.", language)
    return column.heading(language).replace("\n", " "), message


def guard_facts(sheet: Sheet, form: Form, language: Language, first: int, last: int) -> None:
    """Typing over the plan's own columns is refused; sorting and removing columns stay possible."""
    message = both("此列为计划内容，请勿改动。", "This column states the plan; leave it as it is.", language)
    for column in form.columns:
        if not column.entry:
            sheet.fixed(column_range(form, column.id, first, last), both("计划内容", "Plan", language, " "), message)


def hidden_lists(book: Book, form: Form, lists: Lists, language: Language) -> None:
    """The lists behind the form's drop-downs, on a hidden sheet."""
    columns = _with_list(form)
    terms = [lists[str(c.choices)] for c in columns]
    sheet = book.sheet(LISTS, [30.0] * len(columns))
    sheet.row([c.heading("en") for c in columns], "heading")
    for index in range(max(map(len, terms))):
        sheet.row([Cell(t[index].label(language), "code") if index < len(t) else None for t in terms])
    sheet.worksheet.sheet_state = "hidden"
    sheet.protect()


def hidden_facts(book: Book, facts: Mapping[str, str]) -> None:
    """By what the workbook is recognised when it comes back, on a very hidden sheet."""
    sheet = book.sheet(FACTS, [24.0, 70.0])
    for name, value in facts.items():
        sheet.row([name, value], "key")
    sheet.worksheet.sheet_state = "veryHidden"


def _with_list(form: Form) -> list[Column]:
    return [c for c in form.columns if c.choices]
