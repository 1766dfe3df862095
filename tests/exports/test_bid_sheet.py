"""The bid evaluation workbook: every sheet, safe cells, the banner, the chart, the same bytes twice."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exports.bid_sheet import write_bid_workbook
from exports.facts import Approval
from models.tender.evaluation import Evaluation, evaluate
from models.tender.leave_out import LeftOut
from tests.exports.world import NASTY
from tests.models.tender import build


def evaluation(**more: Any) -> Evaluation:
    firms = ["a", "b", "c"]
    tender = {"lots": {"1": 200, "2": 200}, "limit": 1, "title": NASTY[0]}
    tender["parties"] = {firm: {"name": NASTY[place]} for place, firm in enumerate(firms)}
    bids = [
        {"firm": firm, "lot": lot, "price": 100 + place, "technical": [30 + place, 32], "business": [10, 11]}
        for lot in (1, 2)
        for place, firm in enumerate(firms)
    ]
    bids += [{"firm": "late", "lot": 1, "price": 90, "technical": [1], "business": [1], "status": "disqualified"}]
    bids += [{"firm": "listed", "lot": 1, "price": 90, "technical": [40, 40], "business": [15, 15]}]
    return evaluate(
        build.case_of(tender, bids),
        build.ratings({"a": "A", "b": "B", "listed": "A"}),
        build.market(),
        listings=build.listings([["court_defaulters", "listed", date(2025, 1, 1), None, "法院", "=1+1"]]),
        table=build.table({"A": 11, "B": 8, "C": 5, "D": 3}, neutral=9.5),
        seed=b"s",
        **more,
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Any:
    left = LeftOut("1", "a-1", "a", "tax:=1", "A", "A", 11_000, "c-1", "c-1")
    path = tmp_path_factory.mktemp("bids") / "bid.xlsx"
    write_bid_workbook(evaluation(), path, policy=build.market(), leave_out=(left,))
    return openpyxl.load_workbook(path)


def rows(book: Any, tab: str) -> list[list[Any]]:
    sheet = next(sheet for sheet in book.worksheets if sheet.title.startswith(tab))
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def test_every_sheet_is_there_in_the_office_s_order(book: Any) -> None:
    tabs = [sheet.title.split(" ")[0] for sheet in book.worksheets]
    wanted = (
        "评标汇总 等级得分表 信用得分 一票否决 评委 评委 信用权重敏感性 敏感性图 图表数据 逐条剔除检验 提示事项 签字"
    )
    assert tabs == wanted.split()
    assert {sheet.title for sheet in book.worksheets if sheet.sheet_state == "hidden"} == {"图表数据 Chart data"}


def test_the_summary_has_the_headings_and_the_points(book: Any) -> None:
    found = rows(book, "评标汇总")
    headings = [str(value).split("\n")[0] for value in found[3]]
    wanted = ["序号", "投标人", "投标报价", "商务标", "技术标", "信用标", "总分", "排名"]
    assert [heading for heading in headings if heading in wanted] == wanted
    at = {name: place for place, name in enumerate(headings)}
    case = evaluation()
    best = case.rows[0]
    line = next(row for row in found if row[at["标段"]] == "1" and row[at["排名"]] == 1)
    assert line[at["总分"]] == best.total / 1000
    assert line[at["投标人"]] == best.name.replace("\x07", "").replace("\x00", "")
    remarks = {row[at["投标人"]]: row[at["备注"]] for row in found[4:] if row[at["标段"]] == "1" and row[at["备注"]]}
    assert remarks["late"] == "不合格 / disqualified"
    assert remarks["listed"] == "一票否决 / veto"


def test_no_text_of_a_bidder_becomes_a_formula(book: Any) -> None:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    assert any(NASTY[0] in str(row) for row in rows(book, "评标汇总"))


def test_the_veto_sheet_keeps_source_query_time_and_evidence(book: Any) -> None:
    line = next(row for row in rows(book, "一票否决") if row[0] == 1)
    assert line[2] == "listed"
    assert "失信被执行人" in line[4]
    assert line[5] == "财库〔2016〕125号 所列名单\nCredit records in government procurement, lists named"
    assert line[6:8] == ["法院", "=1+1"]
    assert line[10].startswith("2025-09-10 09:30")
    assert len(line[11]) == 64


def test_credit_points_stand_with_their_clause(book: Any) -> None:
    lines = [row for row in rows(book, "信用得分") if isinstance(row[0], int)]
    assert {row[10] for row in lines} == {"test 1"}
    assert {(row[5], row[8]) for row in lines} == {("A", 11), ("B", 8), ("—", 9.5)}


def test_one_sheet_per_judge_with_a_line_to_sign(book: Any) -> None:
    for judge in ("J1", "J2"):
        found = rows(book, f"评委 {judge}")
        assert any("签字" in str(row[0]) for row in found)
        assert sum(isinstance(row[0], int) for row in found) == 6  # two lots × three bids that take part


def test_the_chart_draws_totals_over_the_credit_weight(book: Any) -> None:
    page = next(sheet for sheet in book.worksheets if sheet.title.startswith("敏感性图"))
    assert len(page._charts) == 2
    data = rows(book, "图表数据")
    first = next(place for place, row in enumerate(data) if row[0] == 0)
    assert data[first + 30][0] == 15
    assert [round(v, 3) for v in data[first][1:4]] == sorted(
        (round(r.without_credit / 1000, 3) for r in evaluation().of_lot("1")), key=data[first][1:4].index
    )


def test_every_sheet_says_screening_aid_until_somebody_approves(tmp_path: Path, book: Any) -> None:
    for sheet in book.worksheets:
        assert "SCREENING AID" in str(sheet["A3"].value)
    approval = Approval("王", "复核无误", date(2025, 9, 20))
    path = write_bid_workbook(evaluation(), tmp_path / "b.xlsx", policy=build.market(), approval=approval)
    for sheet in openpyxl.load_workbook(path).worksheets:
        assert "SCREENING AID" not in str(sheet["A3"].value)
        assert "王" in str(sheet["A3"].value)


def test_the_same_evaluation_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_bid_workbook(evaluation(), tmp_path / name, policy=build.market())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(("language", "tab", "heading"), [("en", "Judge J1", "Bidder"), ("zh", "评委 J1", "投标人")])
def test_one_language_only(tmp_path: Path, language: Any, tab: str, heading: str) -> None:
    path = write_bid_workbook(evaluation(), tmp_path / "b.xlsx", policy=build.market(), language=language)
    book = openpyxl.load_workbook(path)
    headings = [cell.value for cell in book[tab][4]]
    assert heading in headings
    assert "technical（40）" in headings
    assert all(headings)
