"""From the export's text to typed values: dates, money, numbers, codes, lists. Expressions only, nothing is read.

Each conversion gives a value (null where it fails); that a filled origin became null is the check.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from config.source_forms import ColumnForm

DECIMALS = {"minor": 0, "major": 2, "ten_thousand": 6}  # of a unit of the export, down to the minor unit
TINY = 1e-3  # of a minor unit: what a binary fraction may be off
BLANKS = " \t\r\n\u00a0\u3000\ufeff\u200b"
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
ERROR_VALUES = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#ERROR")
TIME_OF_DAY = r"(\d)[ T]([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?$"
_GROUPED = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_INTEGER = r"^[+-]?\d{1,18}(\.0+)?$"


def as_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Text without blanks around or control characters inside; '' → null; 1311.0 → '1311'; a moment → its day."""
    if dtype == pl.String:
        plain = column.str.replace_all(CONTROL, "").str.strip_chars(BLANKS)
        return pl.when(plain != "").then(plain)
    if dtype.is_float():
        whole = column.is_finite() & (column == column.round(0)) & (column.abs() < 2**53)
        number = pl.when(whole).then(column).otherwise(None).cast(pl.Int64, strict=False).cast(pl.String)
        return pl.coalesce(number, column.cast(pl.String))
    if dtype.is_temporal() and dtype != pl.Date:
        return column.cast(pl.Date, strict=False).cast(pl.String)
    return column.cast(pl.String, strict=False)


def plain(column: pl.Expr) -> pl.Expr:
    """Full-width characters → ASCII, without blanks; only where there are any (normalising is slow)."""
    strange = column.str.contains(r"[^\x21-\x7e]")
    narrow = column.str.normalize("NFKC").str.replace_all(r"\s", "")
    return pl.when(strange).then(narrow).otherwise(column)


def to_date(column: pl.Expr, formats: Sequence[str]) -> pl.Expr:
    """First format that fits; a time of day behind it is dropped; years 1900–2199."""
    text = plain(column.str.replace(TIME_OF_DAY, "$1"))
    day = pl.coalesce(text.str.to_date(form, strict=False, exact=True) for form in formats)
    return pl.when(day.dt.year().is_between(1900, 2199)).then(day)


def to_integer(column: pl.Expr) -> pl.Expr:
    """Whole numbers, also grouped (1,234) or with zeros behind the point."""
    text = _ungrouped(column)
    return pl.when(text.str.contains(_INTEGER)).then(text.str.replace(r"\.0+$", "")).cast(pl.Int64, strict=False)


def to_minor(column: pl.Expr, unit: str) -> pl.Expr:
    """Money as text → integer minor units, exact; a fraction of a minor unit is no amount."""
    if unit == "minor":
        return to_integer(column)
    text, decimals = _ungrouped(column), DECIMALS[unit]
    written = text.str.contains(rf"^[+-]?\d{{1,13}}(\.\d{{1,{decimals}}}0*)?$")
    exact = pl.when(written).then(text).cast(pl.Decimal(28, decimals), strict=False)
    factor: int = 10**decimals
    return (exact * factor).cast(pl.Int64, strict=False)


def number_to_minor(column: pl.Expr, unit: str) -> pl.Expr:
    """Money that the file holds as a number → integer minor units; a fraction of a minor unit is no amount."""
    scaled = column.cast(pl.Float64) * float(10 ** DECIMALS[unit])
    whole = pl.when((scaled - scaled.round(0)).abs() < TINY).then(scaled.round(0))
    return whole.cast(pl.Int64, strict=False)


def to_float(column: pl.Expr) -> pl.Expr:
    """Decimal degrees and the like."""
    number = plain(column).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def to_list(column: pl.Expr, separator: str) -> pl.Expr:
    """'a; b;' → ['a', 'b']; a blank → null."""
    parts = column.str.split(separator).list.eval(pl.element().str.strip_chars(BLANKS))
    return parts.list.eval(pl.element().filter(pl.element() != ""))


def to_code(column: pl.Expr, form: ColumnForm) -> pl.Expr:
    """Code list, bands and case of a text column; null where a filled value has no code."""
    value = column
    if form.bands:
        number = column.cast(pl.Float64, strict=False)
        value = pl.lit(None, dtype=pl.String)
        for band in form.bands:
            value = pl.when(number >= band.at_least).then(pl.lit(band.code)).otherwise(value)
    if form.codes is not None:
        old, new = list(form.codes), list(form.codes.values())
        others = value if form.keeps_others else form.otherwise
        value = value.replace_strict(old, new, default=others, return_dtype=pl.String)
        value = pl.when(column.is_not_null()).then(value)
    if form.case is None:
        return value
    return value.str.to_lowercase() if form.case == "lower" else value.str.to_uppercase()


def _ungrouped(column: pl.Expr) -> pl.Expr:
    text = plain(column)
    return pl.when(text.str.contains(_GROUPED)).then(text.str.replace_all(",", "", literal=True)).otherwise(text)
