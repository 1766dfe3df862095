"""Sheets that answer the first question in court: would somebody else have won without the credit points?"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from openpyxl.chart import Reference, ScatterChart, Series

from exports.bid_forms import CHART, CHART_DATA, LEAVE_OUT, SENSITIVITY
from exports.bid_rows import frame_of
from exports.cells import Cell
from exports.layout import both
from exports.page import open_page
from models.tender.sensitivity import Sensitivity, sensitivity, totals_at

if TYPE_CHECKING:
    from exports.bid_sheet import Bids
    from exports.sheet import Sheet
    from exports.workbook import Book
    from models.tender.leave_out import LeftOut

CHARTED_BIDS = 5
CHARTED_LOTS = 2
CHART_ROWS = 24
POINTS = 31
"""Grid of the chart's lines."""

INKS = ("1F4E79", "C55A11", "548235", "7030A0", "7F7F7F")
DASHES = ("solid", "dash", "sysDot", "dashDot", "lgDash")
"""Lines that a grey print tells apart."""


def sensitivity_sheets(book: Book, bids: Bids, found: Sensitivity | None, left_out: tuple[LeftOut, ...]) -> None:
    """Winner by credit weight with a chart, and the top two without each of their records."""
    result = found or sensitivity(bids.evaluation, bids.policy)
    _by_weight(book, bids, result)
    if left_out:
        _without_records(book, bids, left_out)


def _by_weight(book: Book, bids: Bids, result: Sensitivity) -> None:
    title = f"{bids.say('信用权重敏感性', 'Who wins at which credit weight')}  ·  {bids.evaluation.case.title}"
    sheet = open_page(book, SENSITIVITY, title, bids.facts, bids.approval, bids.language)
    sheet.headings(SENSITIVITY, bids.language)
    rows = stretch_rows(bids, result)
    sheet.table(SENSITIVITY, frame_of(SENSITIVITY, rows))
    sheet.row([])
    for line in answers(bids, result):
        sheet.row([line], "section", height=20)
    lots = _most_sensitive(bids, result)[:CHARTED_LOTS]
    if lots:
        _charts(book, bids, result, lots)


def _charts(book: Book, bids: Bids, result: Sensitivity, lots: list[str]) -> None:
    """A page of charts for the lots nearest to a threshold; their figures on a hidden sheet behind."""
    title = f"{bids.say('总分随信用权重的变化', 'Total by credit weight')}  ·  {bids.evaluation.case.title}"
    page = open_page(book, CHART, title, bids.facts, bids.approval, bids.language)
    data = open_page(book, CHART_DATA, title, bids.facts, bids.approval, bids.language)
    data.worksheet.sheet_state = "hidden"
    for lot in lots:
        head, low, high = _chart_data(data, bids, result, lot)
        at = page.row([bids.say(f"标段 {lot}", f"Lot {lot}")], "section", height=22)
        lines = min(CHARTED_BIDS, len(bids.evaluation.of_lot(lot)))
        page.worksheet.add_chart(_scatter(data, bids, head, lines, result.cap, (low, high)), f"A{at + 1}")
        for _ in range(CHART_ROWS):
            page.row([None], height=15)


def stretch_rows(bids: Bids, result: Sensitivity) -> list[dict[str, Any]]:
    """One row per lot and stretch of weights with one winner."""
    names = {(row.lot, row.bid): row.name for row in bids.evaluation.rows}
    found = []
    for stretch in result.stretches:
        here = stretch.low <= result.weight <= stretch.high
        found.append(
            {
                "lot": stretch.lot,
                "from_weight": round(stretch.low),
                "to_weight": round(stretch.high),
                "winner": names.get((stretch.lot, stretch.bid or ""), "—"),
                "now": both("是", "yes", bids.language, " ") if here else "",
                "exact": _exact(stretch.low) if result.exact else f"±{0.5:g}",
            }
        )
    return found


def _exact(weight: Fraction) -> str:
    points = weight / 1000
    return str(points.numerator) if points.denominator == 1 else f"{points.numerator}/{points.denominator}"


def answers(bids: Bids, result: Sensitivity) -> list[str]:
    """In words: for how many lots credit decided, and which."""
    awards = bids.evaluation.awards
    changed = [lot for lot, bid in sorted(awards.items()) if result.without_credit.get(lot) != bid]
    if not changed:
        return [bids.say("不计信用分，中标候选人不变。", "Without credit points the same bidders would win.")]
    listed = ", ".join(changed[:12]) + (" …" if len(changed) > 12 else "")
    return [
        bids.say(
            f"不计信用分，{len(changed)} 个标段的中标候选人将不同：{listed}",
            f"Without credit points another bidder would win {len(changed)} lot(s): {listed}",
        )
    ]


def _most_sensitive(bids: Bids, result: Sensitivity) -> list[str]:
    """Lots by how near the tender's weight is to a threshold, then in the documents' order."""

    def distance(lot: str) -> Fraction:
        return min((abs(t - result.weight) for t in result.thresholds(lot)), default=Fraction(10**9))

    lots = [lot.id for lot in bids.evaluation.case.lots if len(bids.evaluation.of_lot(lot.id)) > 1]
    return sorted(lots, key=distance) if result.weight else []


def _chart_data(data: Sheet, bids: Bids, result: Sensitivity, lot: str) -> tuple[int, float, float]:
    """Row of the headings, lowest and highest total."""
    rows = bids.evaluation.of_lot(lot)[:CHARTED_BIDS]
    data.row([bids.say(f"标段 {lot}", f"Lot {lot}")], "section", height=20)
    heading = Cell(both("信用权重", "Credit weight", bids.language), "heading")
    head = data.row([heading, *(Cell(row.name, "heading") for row in rows)], height=44)
    seen = []
    for k in range(POINTS):
        weight = Fraction(result.cap * k, POINTS - 1)
        totals = totals_at(rows, weight, result.weight)
        values = [round(float(totals[row.bid] / 1000), 3) for row in rows]
        seen += values
        data.row([Cell(float(weight / 1000), "points"), *(Cell(value, "points") for value in values)])
    data.row([])
    return head, min(seen), max(seen)


def _scatter(data: Sheet, bids: Bids, head: int, lines: int, cap: int, totals: tuple[float, float]) -> ScatterChart:
    chart = ScatterChart()
    chart.height, chart.width = CHART_ROWS * 0.52, 31
    chart.visible_cells_only = False
    chart.x_axis.title = both("信用权重（分）", "Credit weight (points)", bids.language, " ")
    chart.y_axis.title = both("总分", "Total", bids.language, " ")
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.scaling.min, chart.x_axis.scaling.max = 0, cap / 1000
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = floor(totals[0]) - 1, ceil(totals[1]) + 1
    chart.x_axis.majorGridlines = None
    chart.x_axis.number_format, chart.y_axis.number_format = "0.#", "0"
    chart.legend.position, chart.scatterStyle = "b", "lineMarker"
    weights = Reference(data.worksheet, min_col=1, min_row=head + 1, max_row=head + POINTS)
    for place in range(lines):
        values = Reference(data.worksheet, min_col=2 + place, min_row=head, max_row=head + POINTS)
        series = Series(values, weights, title_from_data=True)
        series.marker.symbol, series.smooth = "none", False
        series.graphicalProperties.line.solidFill = INKS[place]
        series.graphicalProperties.line.dashStyle = DASHES[place]
        series.graphicalProperties.line.width = 22_000
        chart.series.append(series)
    return chart


def _without_records(book: Book, bids: Bids, left_out: tuple[LeftOut, ...]) -> None:
    names = {(row.lot, row.bid): row.name for row in bids.evaluation.rows}
    rows = [
        {
            "lot": item.lot,
            "bidder": bids.evaluation.case.party(item.party).name,
            "record": item.record_id,
            "tier_before": item.tier_before,
            "tier_after": item.tier_after,
            "points_after": item.points_after,
            "winner_after": names.get((item.lot, item.winner_after or ""), "—"),
            "changes": both("是", "yes", bids.language, " ") if item.changes else both("否", "no", bids.language, " "),
        }
        for item in left_out
    ]
    title = f"{bids.say('逐条剔除检验（每标段前两名）', 'Top two without one record')}  ·  {bids.evaluation.case.title}"
    sheet = open_page(book, LEAVE_OUT, title, bids.facts, bids.approval, bids.language)
    heading = sheet.headings(LEAVE_OUT, bids.language)
    _, last = sheet.table(LEAVE_OUT, frame_of(LEAVE_OUT, rows))
    sheet.filter(LEAVE_OUT, heading, last)
