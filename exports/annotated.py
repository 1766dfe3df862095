"""The answer to a returned roster: the same workbook with every problem marked in its cell and listed once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.properties import PageSetupProperties

from exports.cells import clean, risky
from exports.layout import Form, letter
from exports.returned_rows import find_heading
from models.whole import whole_path

PROBLEMS = "问题 Problems"
ACCEPTED = "已接收 accepted"
_RED, _GREEN = PatternFill("solid", fgColor="FFC7CE"), PatternFill("solid", fgColor="E2F0D9")
_WRAPPED = Alignment(vertical="center", wrap_text=True)
Listed = tuple[str | None, ...]  # a line of the list of problems
_HEAD = ("工作表 Sheet", "单元格 Cell", "栏目 Column", "内容 Value", "问题 Problem", "处理办法 Remedy")


def annotate(
    path: Path,
    form: Form,
    taken: Mapping[str, Mapping[int, str]],
    refused: pl.DataFrame,
    answer: Path,
    *,
    whole: bool = True,
) -> Path:
    """Write the annotated copy; `taken`: by sheet and row number what to say of rows that were accepted, `refused`:
    models.outcome.REFUSED of this file.

    Not `whole`: only the list of problems, since a copy of a very long workbook would not fit into memory.
    """
    if not whole:
        return _only_list(form, taken, refused, answer)
    try:
        workbook = load_workbook(path)
        pages = {sheet: workbook[sheet] for sheet in taken}
    except Exception:  # openpyxl is stricter than the reader that took the rows; its errors have no common base
        return _only_list(form, taken, refused, answer)
    listed: list[Listed] = []
    for sheet, page in pages.items():
        listed += _mark(page, form, taken[sheet], refused.filter(pl.col("sheet") == sheet))
    _list(workbook, listed)
    return _save(workbook, answer)


def _mark(page: Any, form: Form, taken: Mapping[int, str], refused: pl.DataFrame) -> list[Listed]:
    """Say of every row of a sheet what became of it; its problems, for the list."""
    page.protection.sheet = False
    found = find_heading([tuple(cell.value for cell in row) for row in page.iter_rows(max_row=30)], form)
    columns = found[1] if found else {}
    stray = page.max_column > 200  # a cell somebody left far out
    last = max(columns.values(), default=0) + 2 if stray else page.max_column + 1
    _tell(page, (found[0] if found else 0) + 1, last, "处理结果 Outcome", None)
    page.column_dimensions[letter(last - 1)].width = 60
    for row in sorted(taken):
        _tell(page, row, last, taken[row], _GREEN)
    listed: list[Listed] = []
    for problem in refused.iter_rows(named=True):
        at = columns.get(problem["column"], columns.get(form.known_by[0], 0)) + 1
        cell = page.cell(problem["row"], at)
        said = f"{problem['reason']} → {problem['remedy']}"
        cell.fill = _RED
        cell.comment = Comment(clean(said), "evenhand", width=320, height=90)
        _tell(page, problem["row"], last, f"拒收 refused: {said}", _RED)
        listed.append((page.title, cell.coordinate, _heading(form, problem["column"]), problem["value"],
                       problem["reason"], problem["remedy"]))  # fmt: skip
    return listed


def _only_list(form: Form, taken: Mapping[str, Mapping[int, str]], refused: pl.DataFrame, answer: Path) -> Path:
    """The problems, and below them the rows of which there is more to say than that they were accepted."""
    workbook = Workbook()
    problems = [
        (p["sheet"], f"{p['row']}", _heading(form, p["column"]), p["value"], p["reason"], p["remedy"])
        for p in refused.iter_rows(named=True)
    ]
    said = [
        (sheet, f"{row}", "", "", text, "")
        for sheet, rows in taken.items()
        for row, text in sorted(rows.items())
        if text != ACCEPTED
    ]
    _list(workbook, [*problems, *said])
    return _save(workbook, answer)


def _heading(form: Form, column: str) -> str:
    return form.column(column).heading("both").replace("\n", " ") if column in form.letters else column


def _tell(page: Any, row: int, column: int, text: str, fill: PatternFill | None) -> None:
    cell = page.cell(row, column)
    _safe(cell, text)
    cell.alignment = _WRAPPED
    if fill is not None:
        cell.fill = fill


def _safe(cell: Any, text: str | None) -> None:
    """Text stays text, whatever a person had typed."""
    cell.value = clean(text or "")
    cell.data_type = "s"
    if risky(text or ""):
        cell.quotePrefix = True


def _list(workbook: Any, rows: Sequence[Listed]) -> None:
    if PROBLEMS in workbook.sheetnames:
        del workbook[PROBLEMS]
    page = workbook.create_sheet(PROBLEMS, 0)
    for number, row in enumerate([_HEAD, *rows], start=1):
        for at, text in enumerate(row, start=1):
            _safe(page.cell(number, at), text)
            page.cell(number, at).alignment = _WRAPPED
    for at, width in enumerate((26, 10, 30, 28, 44, 50)):
        page.column_dimensions[letter(at)].width = width
        page.cell(1, at + 1).font = Font(bold=True)
    page.freeze_panes = "A2"
    page.page_setup.orientation, page.page_setup.paperSize, page.page_setup.fitToHeight = "landscape", 9, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    workbook.active = 0


def _save(workbook: Any, answer: Path) -> Path:
    with whole_path(answer) as draft:
        workbook.save(draft)
    return answer
