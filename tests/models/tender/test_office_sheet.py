"""A sheet as an office keeps it: a title above, its own columns, units in the headings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from config.errors import InputError
from models.tender.linter import lint
from models.tender.sheet import read_bid_sheet
from tests.models.tender import build

HEADS = ["序号", "投标人", "统一社会信用代码", "标段", "投标报价(元)", "technical@J1", "注册资本(万元)"]
ROWS: list[list[Any]] = [
    [1, "甲公司", "91110000600037341L", "1", "2,232,900.00", 34, 500],
    [2, "乙公司", "91350100M000100Y43", "1", 2113200, 33, 800],
]
CRITERIA = [["编号", "名称", "类别", "分值"], ["price", "报价", "price", 60], ["technical", "技术", "technical", 40]]


def office(folder: Path, above: list[list[Any]], heads: list[str] | None = None) -> Path:
    """A workbook with these rows above the headings."""
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "投标一览"
    for row in [*above, heads or HEADS, *ROWS]:
        sheet.append(row)
    criteria: Any = book.create_sheet("评审标准")
    for row in CRITERIA:
        criteria.append(row)
    path = folder / "office.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    "above", [[], [["开标一览表"]], [["开标一览表"], ["项目：检测设备", None, None, "2026年11月"]]]
)
def test_a_title_above_the_headings_changes_nothing_but_the_row_numbers(tmp_path: Path, above: list[list[Any]]) -> None:
    case = read_bid_sheet(office(tmp_path, above))
    assert [bid.price for bid in case.bids] == [223_290_000, 211_320_000]
    assert [case.bidder_name(bid) for bid in case.bids] == ["甲公司", "乙公司"]
    assert [bid.path for bid in case.bids] == [f"投标一览 row {len(above) + n}" for n in (2, 3)]


def test_a_column_with_a_forbidden_attribute_is_found(tmp_path: Path) -> None:
    found = lint(read_bid_sheet(office(tmp_path, [])), build.market())
    assert [(f.path, f.attribute) for f in found if f.rule == "forbidden_attribute"] == [
        ("bids/注册资本(万元)", "registered_capital")
    ]


def test_an_amount_in_another_unit_is_not_taken_for_yuan(tmp_path: Path) -> None:
    heads = [head.replace("(元)", "(万元)") for head in HEADS]
    case = read_bid_sheet(office(tmp_path, [], heads))
    assert [bid.price for bid in case.bids] == [None, None]  # `problems` refuses a bid without price


def test_headings_that_are_nowhere_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lacks the column 投标人") as error:
        read_bid_sheet(office(tmp_path, [["开标一览表"]], [head.replace("投标人", "单位") for head in HEADS]))
    assert "first 10 rows" in error.value.remedy
