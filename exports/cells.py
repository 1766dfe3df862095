"""One cell or one column of cells as spreadsheet XML, safe for every text.

Text is always written as an inline string, never as a formula or an error value; text that a person's keystroke
would turn into a formula also gets the quote-prefix style. Control characters are dropped, length is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from html import escape as escape_html

import polars as pl

MAX_TEXT = 32_767  # characters a cell can hold
RISKY = r"^\s*[=+\-@|%\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]|^#[A-Z/0]"
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_RISKY = re.compile(r"^\s*[=+\-@|%＝＋－＠]|^#[A-Z/0]")
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
    return _RISKY.match(text) is not None


def serial(day: date) -> float:
    """Days since the epoch of spreadsheets; a datetime keeps its time as a fraction."""
    if isinstance(day, datetime):
        return (day.date() - EPOCH).days + (day.hour * 3600 + day.minute * 60 + day.second) / 86_400
    return (day - EPOCH).days


def inline(text: str) -> str:
    """The inside of a text cell."""
    return f'<is><t xml:space="preserve">{_ESCAPED.sub("_x005F_", escape(clean(text)))}</t></is>'


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
    return f'<c r="{ref}" s="{quoted if risky(value) else plain}" t="inlineStr">{inline(value)}</c>'


def text_cells(column: str, letter: str, plain: pl.Expr, quoted: pl.Expr) -> pl.Expr:
    """The `<c>` elements of a text column, row numbers taken from column `__row`."""
    text = pl.col(column).cast(pl.String)
    text = pl.when(text.str.len_chars() > MAX_TEXT).then(text.str.slice(0, MAX_TEXT - 1) + "…").otherwise(text)
    safe = text.str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"]).str.replace_all(
        r"_(x[0-9A-Fa-f]{4}_)", "_x005F_${1}"
    )
    style = pl.when(text.str.contains(RISKY)).then(quoted).otherwise(plain)
    filled = pl.concat_str(
        _open(letter, style), pl.lit(' t="inlineStr"><is><t xml:space="preserve">'), safe, pl.lit("</t></is></c>")
    )
    return pl.when(text.is_null() | (text == "")).then(_blank(letter, plain)).otherwise(filled)


def number_cells(column: str, letter: str, plain: pl.Expr, divide_by: int = 1) -> pl.Expr:
    """The `<c>` elements of a numeric or date column; integers are divided for per-mille and thousandths."""
    value = pl.col(column)
    number = (value / divide_by).cast(pl.String) if divide_by != 1 else value.cast(pl.String)
    filled = pl.concat_str(_open(letter, plain), pl.lit("><v>"), number, pl.lit("</v></c>"))
    return pl.when(value.is_null()).then(_blank(letter, plain)).otherwise(filled)


def formula_cells(formula: str, cached: str, letter: str, plain: pl.Expr) -> pl.Expr:
    """The `<c>` elements of a calculated column; `{row}` in the formula is the row, `cached` a column with its text."""
    before, *rest = escape(formula).split("{row}")
    parts = [pl.lit(before)]
    for piece in rest:
        parts += [pl.col("__row"), pl.lit(piece)]
    value = pl.col(cached).str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"]).fill_null("")
    return pl.concat_str(
        _open(letter, plain), pl.lit(' t="str"><f>'), *parts, pl.lit("</f><v>"), value, pl.lit("</v></c>")
    )


def _open(letter: str, style: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit(f'<c r="{letter}'), pl.col("__row"), pl.lit('" s="'), style, pl.lit('"'))


def _blank(letter: str, style: pl.Expr) -> pl.Expr:
    return pl.concat_str(_open(letter, style), pl.lit("/>"))
