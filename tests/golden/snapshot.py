"""A workbook as text: every cell with value, style and number format; checks, widths, print set-up, hidden parts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl


def snapshot(path: Path) -> str:
    """The workbook's content and looks, one line each, in a fixed order."""
    return "\n".join(line for sheet in openpyxl.load_workbook(path).worksheets for line in _sheet(sheet)) + "\n"


def _sheet(sheet: Any) -> Iterator[str]:
    setup = sheet.page_setup
    yield f"# {sheet.title} [{sheet.sheet_state}]"
    yield f"print {setup.orientation} {setup.paperSize} wide={setup.fitToWidth} repeat={sheet.print_title_rows}"
    yield f"freeze {sheet.freeze_panes} filter {sheet.auto_filter.ref} protected {sheet.protection.sheet}"
    yield f"footer {sheet.oddFooter.left.text!r} {sheet.oddFooter.right.text!r}"
    yield f"merged {sorted(str(r) for r in sheet.merged_cells.ranges)} charts {len(sheet._charts)}"
    widths = sorted(sheet.column_dimensions.items())
    yield "columns " + " ".join(f"{name}={d.width:g}{'!' if d.hidden else ''}" for name, d in widths)
    for check in sheet.data_validations.dataValidation:
        yield f"check {check.sqref} {check.type} {check.formula1} {check.formula2} {check.error!r}"
    for cells in sheet.conditional_formatting:
        for rule in cells.rules:
            yield f"colour {cells.sqref} {rule.formula} {rule.dxf.fill.bgColor.rgb}"
    for row in sheet.iter_rows():
        height = sheet.row_dimensions[row[0].row].height
        if height:
            yield f"row {row[0].row} height {height:g}"
        for cell in row:
            if cell.value is not None or cell.has_style:
                yield f"{cell.coordinate} {cell.data_type} {_look(cell)} {cell.value!r}"


def _look(cell: Any) -> str:
    fill = cell.fill.fgColor.rgb if cell.fill.patternType else "-"
    locked = "" if cell.protection.locked else "open"
    quoted = "'" if cell.quotePrefix else ""
    return (
        f"{cell.style}|{cell.number_format}|{fill}|{cell.font.color.rgb if cell.font.color else '-'}|{locked}{quoted}"
    )
