"""A tender as offices keep it: one row per bidder and lot, with tender, criteria and lots beside; Excel or CSV.

`models.tender.sheet` reads it back into the same case.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from config.units import points_text
from exports.cells import Cell, risky
from exports.workbook import Book
from models.tender.amounts import amount_of
from models.tender.case import Bid, Criterion, Kind, Member, TenderCase
from models.tender.sheet_columns import BIDS, CRITERIA, LOTS, SCORE, SHEETS, TENDER, SheetTable
from models.whole import write_text

Table = tuple[list[str], list[list[Any]]]
"""Headings (Chinese over English) and rows."""


def write_bid_list(case: TenderCase, path: Path) -> Path:
    """Write the tender to `path`: .xlsx with four sheets, or .csv with three more files beside it."""
    tables = {table.name: _table(case, table) for table in SHEETS}
    if path.suffix.lower() == ".csv":
        for name, table in tables.items():
            _write_csv(path if name == BIDS.name else path.with_name(f"{name}.csv"), table)
        return path
    book = Book(case.title, case.opening.date() if case.opening else date(1970, 1, 1))
    for form in SHEETS:
        headings, rows = tables[form.name]
        sheet = book.sheet(f"{form.zh} {form.name}", [18.0] * len(headings), freeze="A2")
        sheet.row([Cell(heading, "heading") for heading in headings], height=34)
        for row in rows:
            sheet.row([Cell(value, "code") for value in row])
    return book.save(path)


def _table(case: TenderCase, table: SheetTable) -> Table:
    headings = [f"{column.zh}\n{column.en}" for column in table.columns]
    if table is TENDER:
        return headings, [[key, value] for key, value in _facts(case) if value]
    if table is CRITERIA:
        return headings, [_criterion(criterion, case) for criterion in case.criteria]
    if table is LOTS:
        return headings, [[lot.id, lot.title, _money(lot.ceiling, case.currency)] for lot in case.lots]
    scores = sorted({(s.criterion, s.judge) for bid in case.bids for s in bid.scores})
    rows = [_bid(case, bid) + _scores(bid, scores) for bid in case.bids]
    return headings + [f"{criterion}{SCORE}{judge}" for criterion, judge in scores], rows


def _facts(case: TenderCase) -> list[tuple[str, str]]:
    return [
        ("OCID", case.ocid),
        ("Id", case.id),
        ("Title", case.title),
        ("Buyer", case.buyer),
        ("Currency", case.currency),
        ("Deadline", case.deadline.isoformat() if case.deadline else ""),
        ("Opening", case.opening.isoformat() if case.opening else ""),
        ("Max lots", "" if case.max_lots_per_bidder is None else str(case.max_lots_per_bidder)),
        ("Lot rule", case.lot_rule),
        ("Tie rule", ", ".join(case.tie_rule)),
    ]


def _criterion(criterion: Criterion, case: TenderCase) -> list[str]:
    rule = criterion.price
    price = ["", "", "", "", "", ""]
    if rule is not None and criterion.kind is Kind.price:
        price = [
            rule.formula.value,
            points_text(rule.deduct_above),
            points_text(rule.deduct_below),
            _fraction(rule.coefficient),
            _fraction(rule.mix),
            "" if rule.trim_from is None else str(rule.trim_from),
        ]
    trim = "" if criterion.trim_judges_from is None else str(criterion.trim_judges_from)
    head = [criterion.id, criterion.title, criterion.kind.value, points_text(criterion.weight)]
    return [*head, *price, trim, ", ".join(criterion.reads), criterion.description]


def _bid(case: TenderCase, bid: Bid) -> list[str]:
    single = case.party(bid.tenderers[0].party) if len(bid.tenderers) == 1 else None
    group = (
        "; ".join(_firm(case, member) for member in bid.tenderers) if single is None or bid.tenderers[0].share else ""
    )
    first = case.party(bid.tenderers[0].party) if bid.tenderers else None
    return [
        bid.id,
        bid.lot,
        case.bidder_name(bid),
        (first.scheme or "") if first else "",
        (single.identifier or "") if single else "",
        group,
        "; ".join(_firm(case, member) for member in bid.subcontractors),
        _money(bid.price, bid.currency or case.currency),
        bid.currency or "",
        bid.received.isoformat() if bid.received else "",
        bid.status.value,
        *(
            [single.region or "", single.size or "", single.ownership or "", single.country or ""]
            if single
            else [""] * 4
        ),
    ]


def _firm(case: TenderCase, member: Member) -> str:
    party = case.party(member.party)
    share = "" if member.share is None else f" {_fraction(member.share * 100)}%"
    return f"{party.identifier or party.id} {party.name}{share}"


def _scores(bid: Bid, columns: Sequence[tuple[str, str]]) -> list[str]:
    own = {(score.criterion, score.judge): points_text(score.points) for score in bid.scores}
    return [own.get(column, "") for column in columns]


def _money(minor: int | None, currency: str) -> str:
    return "" if minor is None else format(amount_of(minor, currency), "f")


def _fraction(value: Any) -> str:
    return format(float(value), ".10g")


def _write_csv(path: Path, table: Table) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([heading.replace("\n", " ") for heading in table[0]])
    for row in table[1]:
        writer.writerow([f"'{value}" if isinstance(value, str) and risky(value) else value for value in row])
    write_text(path, f"\ufeff{text.getvalue()}")  # the mark by which spreadsheets know UTF-8
