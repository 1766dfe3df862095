"""The answer to a returned roster: the same workbook with every problem marked in its cell and listed once more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from exports.cells import clean, risky
from exports.layout import ROSTER, letter
from exports.returned_rows import find_heading
from models.whole import whole_path

PROBLEMS = "问题 Problems"
_RED, _GREEN = PatternFill("solid", fgColor="FFC7CE"), PatternFill("solid", fgColor="E2F0D9")
_HEAD = ("工作表 Sheet", "单元格 Cell", "栏目 Column", "内容 Value", "问题 Problem", "处理办法 Remedy")


def annotate(
    path: Path, sheet: str, refused: pl.DataFrame, taken: set[int], answer: Path, *, whole: bool = True
) -> Path:
    """Write the annotated copy; `refused`: models.outcome.REFUSED of this file, `taken`: rows that were accepted.

    Not `whole`: only the list of problems, since a copy of a very long workbook would not fit into memory.
    """
    if not whole:
        return _only_list(sheet, refused, answer)
    try:
        workbook = load_workbook(path)
        page = workbook[sheet]
    except Exception:  # openpyxl is stricter than the reader that took the rows; its errors have no common base
        return _only_list(sheet, refused, answer)
    page.protection.sheet = False
    top = [tuple(cell.value for cell in row) for row in page.iter_rows(max_row=30)]
    found = find_heading(top)
    columns = found[1] if found else {}
    stray = page.max_column > 200  # a cell somebody left far out
    last = max(columns.values(), default=0) + 2 if stray else page.max_column + 1
    _tell(page, (found[0] if found else 0) + 1, last, "处理结果 Outcome", None)
    page.column_dimensions[letter(last - 1)].width = 60
    for row in sorted(taken):
        _tell(page, row, last, "已接收 accepted", _GREEN)
    listed = []
    for problem in refused.iter_rows(named=True):
        at = columns.get(problem["column"], columns.get("visit_id", 0)) + 1
        cell = page.cell(problem["row"], at)
        said = f"{problem['reason']} → {problem['remedy']}"
        cell.fill = _RED
        cell.comment = Comment(clean(said), "evenhand", width=320, height=90)
        _tell(page, problem["row"], last, f"拒收 refused: {said}", _RED)
        listed.append((sheet, cell.coordinate, _heading(problem["column"]), problem["value"], problem["reason"],
                       problem["remedy"]))  # fmt: skip
    _list(workbook, listed)
    return _save(workbook, answer)


def _only_list(sheet: str, refused: pl.DataFrame, answer: Path) -> Path:
    workbook = Workbook()
    _list(workbook, [
        (sheet, f"{p['row']}", _heading(p["column"]), p["value"], p["reason"], p["remedy"])
        for p in refused.iter_rows(named=True)
    ])  # fmt: skip
    return _save(workbook, answer)


def _heading(column: str) -> str:
    return ROSTER.column(column).heading("both").replace("\n", " ") if column in ROSTER.letters else column


def _tell(page: Any, row: int, column: int, text: str, fill: PatternFill | None) -> None:
    cell = page.cell(row, column)
    _safe(cell, text)
    if fill is not None:
        cell.fill = fill


def _safe(cell: Any, text: str | None) -> None:
    """Text stays text, whatever a person had typed."""
    cell.value = clean(text or "")
    cell.data_type = "s"
    if risky(text or ""):
        cell.quotePrefix = True


def _list(workbook: Any, rows: Sequence[tuple[str | None, ...]]) -> None:
    if PROBLEMS in workbook.sheetnames:
        del workbook[PROBLEMS]
    page = workbook.create_sheet(PROBLEMS, 0)
    for number, row in enumerate([_HEAD, *rows], start=1):
        for at, text in enumerate(row, start=1):
            _safe(page.cell(number, at), text)
    for at, width in enumerate((26, 10, 30, 28, 44, 50)):
        page.column_dimensions[letter(at)].width = width
        page.cell(1, at + 1).font = Font(bold=True)
    page.freeze_panes = "A2"
    workbook.active = 0


def _save(workbook: Any, answer: Path) -> Path:
    with whole_path(answer) as draft:
        workbook.save(draft)
    return answer
