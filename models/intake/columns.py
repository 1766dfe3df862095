"""The columns of a noun from the shaped rows of a file: origins, values and the checks between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

import polars as pl

from config.in_force import Policy
from config.source_forms import ColumnForm, Later, Source, TableForm
from models import identity
from models.intake import convert, subjects
from models.intake.contracts import INDEX, check_name
from models.records import TABLES

PLACE = re.compile(r"\{([^{}]+)\}")
NEVER_LATER = {
    "enterprises": ("registered_on",),
    "records": ("act_date",),
    "links": ("from_date",),
    "listings": ("from_date",),
    "decisions": ("filed_on", "decided_on"),
    "visits": ("visit_date",),
    "indicators": ("period_end",),
}
PERIODS = (("from_date", "to_date"), ("not_before", "not_after"))
SOLE_TRADERS = ("个体工商户", "个体户", "个体", "自然人", "sole_trader", "sole trader", "natural_person", "individual")


@dataclass(frozen=True)
class Run:
    """What intake needs besides the files: the secret for person keys, the policy, the day, and where another pack
    rates than the source's own (`own`), that one too: what it knows is no mistake of the files."""

    secret: bytes
    policy: Policy
    as_of: date
    own: Policy | None = None

    @property
    def items(self) -> list[str]:
        """Items that may occur."""
        return [*self.policy.items, *(self.own.items if self.own else ())]

    @property
    def lists(self) -> list[str]:
        """Lists that may occur."""
        return [*self.policy.lists, *(self.own.lists if self.own else ())]


def headings_used(form: ColumnForm) -> tuple[str, ...]:
    """Headings that a column reads."""
    return tuple(PLACE.findall(form.template)) if form.template is not None else form.from_


def origins(frame: pl.DataFrame, table: TableForm) -> pl.DataFrame:
    """INDEX and, per mapped column, the export's value: text, or its own type where that is already ours."""
    wanted = TABLES[table.fills]
    picked = [_origin(form, frame.schema, wanted[name]).alias(name) for name, form in table.columns.items()]
    return frame.with_row_index(INDEX).select(pl.col(INDEX).cast(pl.Int64), *picked)


def _origin(form: ColumnForm, schema: pl.Schema, wanted: pl.DataType) -> pl.Expr:
    found = _found(form, schema, wanted)
    return found if form.default is None else found.cast(pl.String).fill_null(form.default)


def _found(form: ColumnForm, schema: pl.Schema, wanted: pl.DataType) -> pl.Expr:
    if form.constant is not None:
        return pl.lit(str(form.constant))
    if form.template is not None:
        parts = [convert.as_text(pl.col(name), schema[name]) for name in headings_used(form)]
        return pl.format(PLACE.sub("{}", form.template), *parts)
    if len(form.from_) == 1:
        dtype = schema[form.from_[0]]
        same = (wanted == pl.Date and dtype.is_temporal()) or (wanted.is_numeric() and dtype.is_numeric())
        if same and not form.bands and form.codes is None:
            return pl.col(form.from_[0])
    return pl.coalesce(convert.as_text(pl.col(name), schema[name]) for name in form.from_)


def values(found: pl.DataFrame, table: TableForm, source: Source, run: Run) -> pl.DataFrame:
    """INDEX, all columns of the noun typed (null where not mapped or not readable), and the check columns."""
    exprs: list[pl.Expr] = [pl.col(INDEX)]
    for name, dtype in TABLES[table.fills].items():
        form = table.columns.get(name)
        value = (
            pl.lit(None, dtype=dtype)
            if form is None
            else _value(name, form, found.schema[name], dtype, table, source, run)
        )
        exprs.append(value.alias(name))
    typed = found.select(exprs)
    return typed.with_columns(**checks(found, typed, table, source, run))


def _value(
    name: str, form: ColumnForm, given: pl.DataType, dtype: pl.DataType, table: TableForm, source: Source, run: Run
) -> pl.Expr:
    column = pl.col(name)
    if form.bands or form.codes is not None or form.case is not None:
        column, given = convert.to_code(column, form), pl.String()
    if name == "enterprise_id":
        return subjects.normalised(column, source.scheme)
    if form.person is not None:
        namespace = form.person
        return identity.normalised(column).map_batches(
            lambda raw: identity.person_keys(raw, run.secret, namespace), return_dtype=pl.String
        )
    if dtype == pl.Date:
        day = column.cast(pl.Date) if given.is_temporal() else convert.to_date(column, form.dates or table.dates)
        blank = table.later is Later.blank and name in NEVER_LATER.get(table.fills, ())
        return pl.when(day <= run.as_of).then(day) if blank else day
    if dtype == pl.Int64:
        unit = form.money or "minor"
        if given.is_integer() and unit == "minor":
            return column.cast(pl.Int64, strict=False)
        if given.is_numeric():
            return convert.number_to_minor(column, unit)
        return convert.to_minor(column, unit)
    if dtype == pl.Float64:
        return column.cast(pl.Float64) if given.is_numeric() else convert.to_float(column)
    if isinstance(dtype, pl.List):
        return convert.to_list(column, form.split or ";")
    return column


def checks(
    found: pl.DataFrame, typed: pl.DataFrame, table: TableForm, source: Source, run: Run
) -> dict[str, pl.Series]:
    """One boolean Series per check that any row fails, named by `check_name`."""
    result: dict[str, pl.Series] = {}

    def keep(rule: str, column: str, ok: pl.Series) -> None:
        ok = ok.fill_null(True)
        if not ok.all():
            result[check_name(rule, column)] = ok

    for name, form in table.columns.items():
        text = found.schema[name] == pl.String
        if text:
            keep("error_value", name, ~found[name].is_in(convert.ERROR_VALUES))
        blanked = table.later is Later.blank and name in NEVER_LATER.get(table.fills, ())
        if (text or found.schema[name] != typed.schema[name]) and not blanked:
            rule = _unreadable(name, typed.schema[name])
            keep(rule, name, found[name].is_null() | typed[name].is_not_null())
        if form.required:
            keep("required", name, typed[name].is_not_null())
    _policy_checks(typed, table, run, keep)
    if "enterprise_id" in table.columns:
        subjects.check(typed["enterprise_id"], source, keep)
    if "ownership" in table.columns and not source.rates_sole_traders:
        keep("person_as_subject", "ownership", ~found["ownership"].str.to_lowercase().is_in(SOLE_TRADERS))
    for begin, end in PERIODS:
        if begin in typed.columns and end in typed.columns:
            keep("date_order", end, typed[end] >= typed[begin])
    return result


def _unreadable(name: str, dtype: pl.DataType) -> str:
    if dtype == pl.Date:
        return "date"
    if dtype.is_numeric():
        return "number"
    return "unknown_item" if name == "item" else "unknown_code"


def _policy_checks(typed: pl.DataFrame, table: TableForm, run: Run, keep: subjects.Keep) -> None:
    """Codes that only the policy knows, and days that have not come yet."""
    if table.fills == "records":
        keep("unknown_item", "item", typed["item"].is_in(run.items))
    if table.fills == "decisions":
        keep("unknown_item", "item", typed["item"].is_in(run.items))
    if table.fills == "listings":
        keep("unknown_list", "list_id", typed["list_id"].is_in(run.lists))
    if table.fills == "must_visits" and run.policy.inspection_rules is not None:
        keep("unknown_code", "reason", typed["reason"].is_in(list(run.policy.inspection_rules.exempt_reasons)))
    if table.later is Later.refuse:
        for column in NEVER_LATER.get(table.fills, ()):
            keep("future_date", column, typed[column] <= run.as_of)


def later(typed: pl.DataFrame, table: TableForm, as_of: date) -> pl.Series:
    """Rows of days that have not come, where the source sets them aside instead of refusing them."""
    if table.later is not Later.set_aside or table.fills not in NEVER_LATER:
        return pl.repeat(False, typed.height, eager=True)
    late = [(typed[column] > as_of).fill_null(False) for column in NEVER_LATER[table.fills]]
    return reduce(or_, late)
