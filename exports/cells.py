"""One cell or one column of cells as spreadsheet XML, safe for every text.

Text is always written as an inline string, never as a formula or an error value; text that a person's keystroke
would turn into a formula also gets the quote-prefix style. Control characters are dropped, length is bounded.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from html import escape as escape_html

MAX_TEXT = 32_767  # characters a cell can hold
_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
ILLEGAL = re.compile(f"[{_ILLEGAL}]")
_RISKY = re.compile(r"^\s*[=+\-@|%＝＋－＠]|^#[A-Z/0]")
_CARE = re.compile(rf"[&<>{_ILLEGAL}]|_x[0-9A-Fa-f]{{4}}_|{_RISKY.pattern}")  # anything but plain text
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
EPOCH = date(1899, 12, 30)

escape = partial(escape_html, quote=False)
Value = str | int | float | Decimal | bool | date | None


@dataclass(frozen=True)
class Cell:
    """A value with the name of its style; `formula` (trusted text of this project only) takes the value as cached."""

    value: Value = None
    style: str = "text"
    formula: str | None = None


def clean(text: str) -> str:
    """Text a workbook may hold: no control characters, at most 32,767 characters."""
    text = ILLEGAL.sub("", text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def risky(text: str) -> bool:
    """Whether a spreadsheet would take this text for a formula or an error once somebody edits the cell."""
    return _RISKY.match(ILLEGAL.sub("", text)) is not None


def serial(day: date) -> float:
    """Days since the epoch of spreadsheets; a datetime keeps its time as a fraction."""
    if isinstance(day, datetime):
        return (day.date() - EPOCH).days + (day.hour * 3600 + day.minute * 60 + day.second) / 86_400
    return (day - EPOCH).days


def inner(text: str) -> str:
    """Text as it stands in the XML of a cell."""
    return _ESCAPED.sub("_x005F_", escape(clean(text)))


def cell_xml(ref: str, cell: Cell, plain: int, quoted: int) -> str:
    """One `<c>` element; `plain` and `quoted` are the style's numbers without and with quote prefix."""
    value = cell.value
    if cell.formula is not None:
        kind = ' t="str"' if isinstance(value, str) else ""
        cached = "" if value is None else f"<v>{escape(clean(str(value)))}</v>"
        return f'<c r="{ref}" s="{plain}"{kind}><f>{escape(cell.formula)}</f>{cached}</c>'
    if value is None or value == "":
        return f'<c r="{ref}" s="{plain}"/>'
    if isinstance(value, bool):
        return f'<c r="{ref}" s="{plain}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        return f'<c r="{ref}" s="{plain}"><v>{serial(value):.10g}</v></c>'
    if isinstance(value, (int, float, Decimal)):
        return f'<c r="{ref}" s="{plain}"><v>{value}</v></c>'
    style = quoted if risky(value) else plain
    return f'<c r="{ref}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{inner(value)}</t></is></c>'


def text_cells(
    texts: Iterable[str | None],
    at: str,
    rows: Sequence[str],
    plain: int,
    quoted: int,
    own: Mapping[str, tuple[int, int]] | None = None,
) -> list[str]:
    """The `<c>` elements of a text column: `at` its letter, `rows` their numbers; `own` styles of single texts."""
    cells, styles, blank = [], own or {}, f'" s="{plain}"/>'
    start, between, end = f'" s="{plain}" t="inlineStr"><is><t xml:space="preserve">', f'<c r="{at}', "</t></is></c>"
    for text, row in zip(texts, rows, strict=True):
        if not text:
            cells.append(f"{between}{row}{blank}")
        elif text not in styles and len(text) <= MAX_TEXT and _CARE.search(text) is None:
            cells.append(f"{between}{row}{start}{text}{end}")
        else:
            cells.append(cell_xml(f"{at}{row}", Cell(text), *styles.get(text, (plain, quoted))))
    return cells


def number_cells(
    values: Iterable[int | float | Decimal | None], at: str, rows: Sequence[str], style: int, divide_by: int = 1
) -> list[str]:
    """The `<c>` elements of a column of numbers; integers are divided for per-mille and thousandths.

    What is no number (null, not a number, infinite) leaves its cell blank: spreadsheets have none of them.
    """
    cells = []
    for value, row in zip(values, rows, strict=True):
        if value is None or not math.isfinite(value):
            cells.append(f'<c r="{at}{row}" s="{style}"/>')
        else:
            number = value / divide_by if divide_by != 1 else value
            cells.append(f'<c r="{at}{row}" s="{style}"><v>{number}</v></c>')
    return cells


def formula_cells(formula: str, cached: Iterable[str | None], at: str, rows: Sequence[str], style: int) -> list[str]:
    """The `<c>` elements of a calculated column; `{row}` in the formula is the row, `cached` the results as text."""
    safe = escape(formula)
    return [
        f'<c r="{at}{row}" s="{style}" t="str"><f>{safe.replace("{row}", row)}</f><v>{inner(value or "")}</v></c>'
        for value, row in zip(cached, rows, strict=True)
    ]
