"""The result roster that people fill in, the printed sheet of each team, and what the workbook hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from exports.cells import Cell
from exports.layout import ROSTER, TEAM, Column, Kind, Language, both
from exports.page import HEAD_ROWS, column_range, open_page, width_to
from exports.roster_rows import numbered
from exports.sheet import Sheet
from exports.words import PROBLEMS, RESULTS, Term, choice_lists

if TYPE_CHECKING:
    from exports.roster import Office
    from exports.workbook import Book

LISTS = "_lists"
FACTS = "_evenhand"
ROOM = 200  # rows below the roster that may be added and are checked, too


def roster(book: Book, office: Office) -> None:
    """抽查结果名册: one row per planned visit, with drop-downs for what the inspectors found."""
    language = office.language
    title = f"{both('抽查结果名册', 'Result roster', language, '  ')} · {office.region}"
    sheet = open_page(book, ROSTER, title, office.facts, office.approval, language, tab="#FFC000")
    heading = sheet.headings(ROSTER, language)
    first, last = sheet.table(ROSTER, office.rows, height=36)
    sheet.filter(ROSTER, heading, last)
    guard_entries(sheet, office, first, max(last, first) + ROOM)
    if last >= first:
        guard_facts(sheet, language, first, last)
        open_problems(sheet, office, first, last)


def guard_entries(sheet: Sheet, office: Office, first: int, last: int) -> None:
    """Drop-downs and date checks with messages on the columns people fill in."""
    lists, language = choice_lists(office.policy, office.people), office.language
    for place, column in enumerate(c for c in ROSTER.columns if c.choices):
        if not lists[str(column.choices)]:
            continue
        source = f"'{LISTS}'!${_list_letter(place)}$2:${_list_letter(place)}${len(lists[str(column.choices)]) + 1}"
        sheet.drop_down(column_range(ROSTER, column.id, first, last), source, *_choose(column, language))
    begin = f"DATE({office.facts.as_of:%Y,%-m,%-d})"
    for column in (c for c in ROSTER.entries() if c.kind is Kind.date):
        earliest = begin if column.id == "visited_on" else "DATE(2000,1,1)"
        message = both(
            f"请填写日期（{office.facts.as_of:%Y-%m-%d}以后），格式 2026-05-01。",
            "Enter a date, as 2026-05-01, not before the plan.",
            language,
        )
        cells = column_range(ROSTER, column.id, first, last)
        sheet.dates_only(cells, earliest, "DATE(2100,12,31)", column.heading(language).replace("\n", " "), message)


def _choose(column: Column, language: Language) -> tuple[str, str]:
    message = both("请从下拉列表中选择。", "Choose from the list.", language)
    return column.heading(language).replace("\n", " "), message


def guard_facts(sheet: Sheet, language: Language, first: int, last: int) -> None:
    """Typing over the plan's own columns is refused; sorting and removing columns stay possible."""
    message = both("此列为计划内容，请勿改动。", "This column states the plan; leave it as it is.", language)
    for column in ROSTER.columns:
        if not column.entry:
            sheet.fixed(column_range(ROSTER, column.id, first, last), both("计划内容", "Plan", language, " "), message)


def open_problems(sheet: Sheet, office: Office, first: int, last: int) -> None:
    """Rows whose result needs an item but has none stand out."""
    at = ROSTER.letters
    labels = [t.label(office.language) for t in RESULTS if t.code in PROBLEMS]
    any_problem = ",".join(f'${at["result"]}{first}="{label}"' for label in labels)
    sheet.highlight(
        column_range(ROSTER, "item", first, last), f'AND(OR({any_problem}),${at["item"]}{first}="")', "#F8CBAD"
    )
    whole = f"A{first}:{width_to(ROSTER)}{last}"
    sheet.highlight(whole, f'${at["result"]}{first}="{RESULTS[0].label(office.language)}"', "#E2EFDA")


def teams(book: Book, office: Office) -> None:
    """One printed sheet per team of inspectors, in order of day, with room for findings and signatures."""
    groups = office.rows.partition_by("team", as_dict=True, maintain_order=True)
    for number, (key, rows) in enumerate(sorted(groups.items(), key=lambda item: str(item[0][0])), start=1):
        _team(book, office, number, str(key[0]), numbered(rows.drop("number")))


def _team(book: Book, office: Office, number: int, names: str, rows: pl.DataFrame) -> None:
    language = office.language
    title = both(f"检查组 {number}：{names}", f"Team {number}", language, "  ")
    tab = f"{both('检查组', 'Team', 'en' if language == 'en' else 'zh')} {number} {names}"
    sheet = open_page(book, TEAM, title, office.facts, office.approval, language, tab_title=tab)
    sheet.headings(TEAM, language)
    sheet.table(TEAM, rows, height=48)  # room to write by hand
    sheet.row([])
    for zh, en in (
        ("检查人员（两人）签字：", "Inspectors (both):"),
        ("检查组长签字：", "Team leader:"),
        ("企业负责人签字：", "For the firm:"),
        ("公示经办人签字：", "Published by:"),
    ):
        line = (
            both(zh, en, language, " ") + " " + "_" * 34 + both("    日期", "    Date", language, " ") + " " + "_" * 14
        )
        sheet.row([line], "plain", height=26)


def hidden_facts(book: Book, office: Office) -> None:
    """The lists behind the drop-downs, and by what the workbook is recognised when it comes back."""
    columns = [c for c in ROSTER.columns if c.choices]
    lists = choice_lists(office.policy, office.people)
    terms: list[tuple[Term, ...]] = [lists[str(c.choices)] for c in columns]
    sheet = book.sheet(LISTS, [30.0] * len(columns))
    sheet.row([c.heading("en") for c in columns], "heading")
    for index in range(max(map(len, terms))):
        sheet.row([Cell(t[index].label(office.language), "code") if index < len(t) else None for t in terms])
    sheet.worksheet.sheet_state = "hidden"
    sheet.protect()
    facts = book.sheet(FACTS, [24.0, 70.0])
    shown = {**office.facts.hidden(), "evenhand_region": office.region, "evenhand_head_rows": str(HEAD_ROWS)}
    for name, value in shown.items():
        facts.row([name, value], "key")
    facts.worksheet.sheet_state = "veryHidden"


def _list_letter(place: int) -> str:
    return chr(ord("A") + place)
