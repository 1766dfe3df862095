"""The result roster that people fill in, the printed sheet of each team, and what the workbook hides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from exports import filled_in
from exports.layout import ROSTER, TEAM, both
from exports.page import HEAD_ROWS, column_range, open_page, width_to
from exports.roster_rows import numbered
from exports.sheet import Sheet
from exports.words import PROBLEMS, RESULTS, choice_lists

if TYPE_CHECKING:
    from exports.roster import Office
    from exports.workbook import Book

ROOM = 200  # rows below the roster that may be added and are checked, too


def roster(book: Book, office: Office) -> None:
    """抽查结果名册: one row per planned visit, with drop-downs for what the inspectors found."""
    language = office.language
    title = f"{both('抽查结果名册', 'Result roster', language, '  ')} · {office.region}"
    sheet = open_page(book, ROSTER, title, office.facts, office.approval, language, tab="#FFC000")
    heading = sheet.headings(ROSTER, language)
    first, last = sheet.table(ROSTER, office.rows, height=36)
    sheet.filter(ROSTER, heading, last)
    lists, begin = choice_lists(office.policy, office.people), {"visited_on": office.facts.as_of}
    filled_in.guard_entries(sheet, ROSTER, lists, begin, language, first, max(last, first) + ROOM)
    if last >= first:
        filled_in.guard_facts(sheet, ROSTER, language, first, last)
        open_problems(sheet, office, first, last)


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
    filled_in.hidden_lists(book, ROSTER, choice_lists(office.policy, office.people), office.language)
    region = {"evenhand_region": office.region, "evenhand_head_rows": str(HEAD_ROWS)}
    filled_in.hidden_facts(book, office.facts.hidden() | region)
