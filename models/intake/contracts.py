"""What an accepted row of each noun must satisfy, as dataframely schemas; policy supplies the code lists.

`contract` adds one rule per check that conversion has left behind (unreadable date, bad identifier, …), so that
dataframely splits a frame into accepted rows and failures with all rules in one pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dataframely as dy
import polars as pl

INDEX = "index"  # position of the row in the shaped frame
CHECK = "ok "  # prefix of check columns: "ok <rule> <column>"
STATUSES = ("active", "closed", "revoked", "moved")
SIZES = ("micro", "small", "medium", "large")
SEVERITIES = ("minor", "general", "serious")
ROLES = ("legal_representative", "owner", "finance_head", "customs_head")
KINDS = ("objection", "repair", "relief", "revocation")
OUTCOMES = ("upheld", "rejected", "granted")
RESULTS = ("no_problem", "problem", "unreachable", "refused", "closed", "concealment", "not_published")


def _one_of(*codes: str, nullable: bool = False) -> dy.String:
    return dy.String(nullable=nullable, check=lambda column: column.is_in(list(codes)))


class Enterprises(dy.Schema):
    enterprise_id = dy.String(nullable=False)
    name = dy.String(nullable=False)
    region = dy.String(nullable=False)
    industry = dy.String(nullable=False)
    size = _one_of(*SIZES)
    ownership = dy.String(nullable=True)
    registered_on = dy.Date(nullable=True)
    status = _one_of(*STATUSES)
    latitude = dy.Float64(nullable=True, min=-90, max=90)
    longitude = dy.Float64(nullable=True, min=-180, max=180)


class Records(dy.Schema):
    record_id = dy.String(nullable=False)
    enterprise_id = dy.String(nullable=False)
    item = dy.String(nullable=False)
    act_id = dy.String(nullable=True)
    act_date = dy.Date(nullable=False)
    known_on = dy.Date(nullable=False)
    severity = _one_of(*SEVERITIES)
    amount = dy.Int64(nullable=True, min=0)
    corrected_on = dy.Date(nullable=True)
    ends_on = dy.Date(nullable=True)
    revoked_on = dy.Date(nullable=True)
    agency = dy.String(nullable=False)


class Links(dy.Schema):
    person_key = dy.String(nullable=False)
    enterprise_id = dy.String(nullable=False)
    role = _one_of(*ROLES)
    from_date = dy.Date(nullable=True)
    to_date = dy.Date(nullable=True)


class Listings(dy.Schema):
    list_id = dy.String(nullable=False)
    enterprise_id = dy.String(nullable=False)
    from_date = dy.Date(nullable=False)
    to_date = dy.Date(nullable=True)
    agency = dy.String(nullable=True)
    reference = dy.String(nullable=True)


class Indicators(dy.Schema):
    enterprise_id = dy.String(nullable=False)
    name = dy.String(nullable=False)
    period_end = dy.Date(nullable=False)
    value = dy.Int64(nullable=False)


class Decisions(dy.Schema):
    decision_id = dy.String(nullable=False)
    kind = _one_of(*KINDS)
    record_id = dy.String(nullable=True)
    enterprise_id = dy.String(nullable=True)
    region = dy.String(nullable=True)
    industry = dy.String(nullable=True)
    item = dy.String(nullable=True)
    filed_on = dy.Date(nullable=False)
    decided_on = dy.Date(nullable=True)
    outcome = _one_of(*OUTCOMES, nullable=True)
    from_date = dy.Date(nullable=True)
    to_date = dy.Date(nullable=True)
    officer = dy.String(nullable=True)
    reason = dy.String(nullable=True)


class Visits(dy.Schema):
    visit_id = dy.String(nullable=False)
    enterprise_id = dy.String(nullable=False)
    visit_date = dy.Date(nullable=False)
    inspectors = dy.List(dy.String(nullable=False), nullable=True)
    purpose = dy.String(nullable=False)
    result = _one_of(*RESULTS, nullable=True)


class Inspectors(dy.Schema):
    inspector_id = dy.String(nullable=False)
    name = dy.String(nullable=False)
    districts = dy.List(dy.String(nullable=False), nullable=False)
    skills = dy.List(dy.String(nullable=False), nullable=False)
    licence_to = dy.Date(nullable=False)
    daily_minutes = dy.Int64(nullable=False, min=0, max=1440)


class Absences(dy.Schema):
    inspector_id = dy.String(nullable=False)
    from_date = dy.Date(nullable=False)
    to_date = dy.Date(nullable=False)


class Conflicts(dy.Schema):
    inspector_id = dy.String(nullable=False)
    enterprise_id = dy.String(nullable=False)
    reason = dy.String(nullable=True)


class MustVisits(dy.Schema):
    enterprise_id = dy.String(nullable=False)
    reason = dy.String(nullable=False)
    not_before = dy.Date(nullable=True)
    not_after = dy.Date(nullable=True)


CONTRACTS: dict[str, type[dy.Schema]] = {
    "enterprises": Enterprises,
    "records": Records,
    "links": Links,
    "listings": Listings,
    "indicators": Indicators,
    "decisions": Decisions,
    "visits": Visits,
    "inspectors": Inspectors,
    "absences": Absences,
    "conflicts": Conflicts,
    "must_visits": MustVisits,
}

KEYS: dict[str, tuple[str, ...]] = {
    "enterprises": ("enterprise_id",),
    "records": ("record_id",),
    "links": ("person_key", "enterprise_id", "role", "from_date"),
    "listings": ("list_id", "enterprise_id", "from_date"),
    "indicators": ("enterprise_id", "name", "period_end"),
    "decisions": ("decision_id",),
    "visits": ("visit_id",),
    "inspectors": ("inspector_id",),
    "absences": ("inspector_id", "from_date"),
    "conflicts": ("inspector_id", "enterprise_id"),
    "must_visits": ("enterprise_id", "reason", "not_before"),
}
"""Columns that name a row of a noun; a second row with the same ones is a duplicate."""


def check_name(rule: str, column: str) -> str:
    """Name of the boolean column that conversion leaves for a rule."""
    return f"{CHECK}{rule} {column}"


def contract(fills: str, checks: Sequence[str]) -> type[dy.Schema]:
    """The noun's schema with INDEX and one rule per check column."""
    space: dict[str, Any] = {"__module__": __name__, INDEX: dy.Int64(nullable=False)}
    for name in checks:
        space[name] = dy.Bool(nullable=False)
        space[name.removeprefix(CHECK)] = _rule(name)
    return type(f"Checked{CONTRACTS[fills].__name__}", (CONTRACTS[fills],), space)


def _rule(name: str) -> Any:
    @dy.rule()
    def holds(cls: type[dy.Schema]) -> pl.Expr:
        return pl.col(name)

    return holds


ORDER = (
    "error_value",
    "person_as_subject",
    "identifier",
    "date",
    "number",
    "unknown_item",
    "unknown_list",
    "unknown_code",
    "required",
    "future_date",
    "date_order",
    "negative_amount",
    "out_of_range",
)
"""Which rule a row is refused by when it breaks several: the most telling first."""

REASONS = {
    "error_value": "an error value of a spreadsheet, not a value",
    "person_as_subject": "a natural person or sole trader cannot be rated",
    "identifier": "not a valid identifier: length, alphabet or check character",
    "date": "not a date in one of the forms the source names",
    "number": "not a number in the form the source names",
    "unknown_item": "not an item of the policy's catalogue",
    "unknown_list": "not a list of the policy",
    "unknown_code": "not one of the codes known",
    "required": "must not be blank",
    "future_date": "lies after the day of the run",
    "date_order": "ends before it begins",
    "negative_amount": "must not be negative",
    "out_of_range": "outside the possible range",
}

_BUILT_IN = {"nullability": "required", "check": "unknown_code", "min": "out_of_range", "max": "out_of_range"}


def rule_and_column(name: str) -> tuple[str, str]:
    """dataframely's rule name → our rule and column ('amount|min' → negative_amount, amount)."""
    if "|" not in name:
        rule, column = name.split(" ", 1)
        return rule, column
    column, kind = name.split("|", 1)
    if (column, kind) == ("amount", "min"):
        return "negative_amount", column
    return _BUILT_IN.get(kind, "required"), column
