"""The checker: every rule of a plan, without a solver and without the planner's code. Violations must be none.

It reads the plan's frames and the input only; it shares no arrays, windows or tables with make.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from config.errors import PlanError
from models.inspection.check_tiers import overtaken
from models.inspection.terms import Plan, PlanInput
from models.inspection.working_days import working_days


@dataclass(frozen=True)
class Violation:
    """One rule broken: which, by what, and the figures."""

    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.detail}"


@dataclass(frozen=True)
class _Case:
    """Plan, input and the two tables most rules need."""

    plan: Plan
    given: PlanInput
    legs: pl.DataFrame  # one row per visit and inspector, with the inspector's columns
    firms: pl.DataFrame  # visits with the enterprise's columns


Rule = Callable[[_Case], pl.DataFrame]


def violations(plan: Plan, given: PlanInput) -> list[Violation]:
    """Every violation of every rule, in the order of the rules; an empty list is a lawful plan."""
    legs = plan.visits.explode("inspectors").rename({"inspectors": "inspector_id"}).join(
        given.inspectors.unique("inspector_id", keep="first"), on="inspector_id", how="left"
    )  # fmt: skip
    register = given.enterprises.unique("enterprise_id", keep="first").rename({"region": "home"})
    ratings = given.ratings.unique("enterprise_id", keep="first").select("enterprise_id", pl.col("tier").alias("rated"))
    firms = plan.visits.join(register, on="enterprise_id", how="left").join(ratings, on="enterprise_id", how="left")
    case = _Case(plan, given, legs, firms)
    return [found for rule in RULES for found in _named(rule, case)]


def _named(rule: Rule, case: _Case) -> Iterator[Violation]:
    found = rule(case)
    if found.is_empty():
        return
    subject = found.columns[0]
    for row in found.sort(found.columns[0]).iter_rows(named=True):
        detail = ", ".join(f"{key}={value}" for key, value in row.items() if key != subject)
        yield Violation(rule.__name__, str(row[subject]), detail)


def visit_ids_are_unique(case: _Case) -> pl.DataFrame:
    return case.plan.visits.group_by("visit_id").len().filter(pl.col("len") > 1)


def team_has_its_size(case: _Case) -> pl.DataFrame:
    size = case.given.policy.inspection.team_size
    wrong = (pl.col("inspectors").list.n_unique() != size) | (pl.col("inspectors").list.len() != size)
    return case.plan.visits.filter(wrong).select("visit_id", "inspectors")


def inspectors_are_known(case: _Case) -> pl.DataFrame:
    return case.legs.join(case.given.inspectors, on="inspector_id", how="anti").select("visit_id", "inspector_id")


def licence_is_valid_on_the_day(case: _Case) -> pl.DataFrame:
    expired = pl.col("licence_to").is_null() | (pl.col("licence_to") < pl.col("visit_date"))
    return case.legs.filter(expired).select("visit_id", "inspector_id", "licence_to", "visit_date")


def inspector_has_the_skill(case: _Case) -> pl.DataFrame:
    legs = case.legs.join(case.firms.select("visit_id", "industry"), on="visit_id")
    has = pl.col("skills").list.contains("*") | pl.col("skills").list.contains(pl.col("industry").fill_null(""))
    return legs.filter(~has.fill_null(False)).select("visit_id", "inspector_id", "industry")


def inspector_serves_the_district(case: _Case) -> pl.DataFrame:
    has = pl.col("districts").list.contains("*") | pl.col("districts").list.contains(pl.col("region"))
    return case.legs.filter(~has.fill_null(False)).select("visit_id", "inspector_id", "region")


def inspector_is_present(case: _Case) -> pl.DataFrame:
    away = case.legs.select("visit_id", "inspector_id", "visit_date").join(case.given.absences, on="inspector_id")
    start, end = pl.col("from_date").fill_null(pl.col("visit_date")), pl.col("to_date").fill_null(pl.col("visit_date"))
    return away.filter(pl.col("visit_date").is_between(start, end)).select("visit_id", "inspector_id", "visit_date")


def day_is_a_working_day(case: _Case) -> pl.DataFrame:
    given = case.given
    country = given.operations.holidays or given.policy.redress.holidays
    try:
        days = working_days(given.period_from, given.period_to, given.policy.as_of, country, given.operations.weekend)
    except PlanError:
        days = []
    return _fresh(case).filter(~pl.col("visit_date").is_in(days)).select("visit_id", "visit_date")


def _fresh(case: _Case) -> pl.DataFrame:
    """The visits that this plan added to those that stood."""
    pinned = [] if case.given.pinned is None else case.given.pinned["visit_id"].to_list()
    return case.plan.visits.filter(~pl.col("visit_id").is_in(pinned))


def nobody_works_over_the_day(case: _Case) -> pl.DataFrame:
    """Minutes of an inspector's day with travel to a second district ≤ daily minutes."""
    days = case.legs.group_by("inspector_id", "visit_date").agg(
        (pl.col("minutes").sum() + (pl.col("region").n_unique() - 1) * case.given.operations.travel_minutes).alias(
            "load"
        ),
        pl.col("daily_minutes").first().fill_null(0),
    )
    return days.filter(pl.col("load") > pl.col("daily_minutes"))


def two_districts_a_day_at_most(case: _Case) -> pl.DataFrame:
    days = case.legs.group_by("inspector_id", "visit_date").agg(pl.col("region").n_unique().alias("districts"))
    return days.filter(pl.col("districts") > 2)


def one_team_a_day(case: _Case) -> pl.DataFrame:
    days = case.legs.join(case.plan.visits.select("visit_id", team="inspectors"), on="visit_id").with_columns(
        pl.col("team").list.sort().list.join("+")
    )
    return days.group_by("inspector_id", "visit_date").agg(pl.col("team").n_unique()).filter(pl.col("team") > 1)


def no_conflict_of_interest(case: _Case) -> pl.DataFrame:
    pairs = case.legs.join(
        case.given.conflicts.select("inspector_id", "enterprise_id").unique(), on=["inspector_id", "enterprise_id"]
    )
    return pairs.select("visit_id", "inspector_id", "enterprise_id")


def nobody_returns_too_soon(case: _Case) -> pl.DataFrame:
    """Recusal: the same inspector not twice at a firm within the policy's days, past visits and this plan's."""
    legs = case.legs.select("visit_id", "inspector_id", "enterprise_id", "visit_date")
    past = case.given.visits.select(
        pl.col("inspectors").alias("inspector_id"), "enterprise_id", pl.col("visit_date").alias("before")
    )
    own = legs.select("inspector_id", "enterprise_id", pl.col("visit_date").alias("before"))
    seen = pl.concat([past.explode("inspector_id"), own])
    again = legs.join(seen, on=["inspector_id", "enterprise_id"]).filter(pl.col("before") < pl.col("visit_date"))
    soon = pl.col("visit_date") < pl.col("before") + timedelta(days=case.given.policy.inspection.recusal_days)
    return again.filter(soon).select("visit_id", "inspector_id", "before", "visit_date")


def yearly_cap_is_kept(case: _Case) -> pl.DataFrame:
    """Visits of a calendar year that are not exempt ≤ cap of the tier."""
    exempt = list(case.given.policy.inspection.exempt_reasons)
    columns = ["enterprise_id", "visit_date", "purpose"]
    both = pl.concat([case.given.visits.select(columns), case.plan.visits.select(columns)])
    counted = both.filter(~pl.col("purpose").fill_null("").is_in(exempt)).with_columns(
        pl.col("visit_date").dt.year().alias("year")
    )
    own = case.plan.visits.filter(~pl.col("purpose").is_in(exempt))
    firms = own.select("enterprise_id", pl.col("visit_date").dt.year().alias("year"), "tier").unique()
    planned = counted.join(firms, on=["enterprise_id", "year"])
    sums = planned.group_by("enterprise_id", "year", "tier").len()
    caps = case.given.policy.inspection.yearly_cap
    return sums.filter(pl.col("len") > pl.col("tier").replace_strict(dict(caps), default=0, return_dtype=pl.Int64))


def interval_is_kept(case: _Case) -> pl.DataFrame:
    """Days from any earlier visit to one that is not exempt ≥ minimum interval."""
    exempt = list(case.given.policy.inspection.exempt_reasons)
    visits = case.plan.visits.select("visit_id", "enterprise_id", "visit_date", "purpose")
    earlier = pl.concat([
        case.given.visits.select("enterprise_id", pl.col("visit_date").alias("before")),
        visits.select("enterprise_id", pl.col("visit_date").alias("before")),
    ])  # fmt: skip
    pairs = visits.filter(~pl.col("purpose").is_in(exempt)).join(earlier, on="enterprise_id")
    near = pl.col("visit_date") - pl.col("before") < timedelta(days=case.given.policy.inspection.min_interval_days)
    return pairs.filter((pl.col("before") < pl.col("visit_date")) & near).select("visit_id", "before", "visit_date")


def one_visit_a_day(case: _Case) -> pl.DataFrame:
    return case.plan.visits.group_by("enterprise_id", "visit_date").len().filter(pl.col("len") > 1)


def firm_is_known_active_and_rated(case: _Case) -> pl.DataFrame:
    wrong = (pl.col("status").fill_null("active") != "active") | pl.col("rated").is_null() | pl.col("minutes").is_null()
    unknown = case.plan.visits.join(case.given.enterprises, on="enterprise_id", how="anti").select(
        "visit_id", "enterprise_id"
    )
    return pl.concat([case.firms.filter(wrong).select("visit_id", "enterprise_id"), unknown])


def visit_states_the_firm_truly(case: _Case) -> pl.DataFrame:
    """Tier and region as rated and registered."""
    wrong = (pl.col("tier") != pl.col("rated")) | (pl.col("region") != pl.col("home").fill_null(""))
    return case.firms.filter(wrong).select("visit_id", "tier", "rated", "region", "home")


def visit_takes_the_policys_minutes(case: _Case) -> pl.DataFrame:
    table = case.given.policy.inspection.visit_minutes
    right = pl.col("size").replace_strict(dict(table), default=max(table.values()), return_dtype=pl.Int64)
    return case.firms.filter(pl.col("minutes") != right).select("visit_id", "size", "minutes")


def must_visits_are_kept_or_named(case: _Case) -> pl.DataFrame:
    """Each must-visit of the period has a visit from its first day on, or the firm is left out by name."""
    given, must = case.given, case.given.must_visits
    due = must.filter(pl.col("not_before").is_null() | (pl.col("not_before") <= given.period_to)).with_row_index("row")
    visits = case.plan.visits.select("enterprise_id", "visit_date")
    met = due.join(visits, on="enterprise_id").filter(
        pl.col("not_before").is_null() | (pl.col("visit_date") >= pl.col("not_before"))
    )
    missing = due.join(met, on="row", how="anti").join(case.plan.left_out, on="enterprise_id", how="anti")
    return missing.select("enterprise_id", "reason", "not_before", "not_after")


def every_firm_is_in_or_out(case: _Case) -> pl.DataFrame:
    """Every enterprise of the register has a visit or a reason."""
    plan = case.plan
    named = pl.concat([plan.visits.select("enterprise_id"), plan.left_out.select("enterprise_id")]).unique()
    return case.given.enterprises.select("enterprise_id").join(named, on="enterprise_id", how="anti")


def drawn_firms_were_drawn(case: _Case) -> pl.DataFrame:
    """A visit with purpose random stands in the published draw (of this plan, or of the one that pinned it)."""
    drawn = case.plan.draw.pool.filter("drawn").select("enterprise_id")
    random = _fresh(case).filter(pl.col("purpose") == "random")
    return random.join(drawn, on="enterprise_id", how="anti").select("visit_id", "enterprise_id")


def worse_tiers_come_first(case: _Case) -> pl.DataFrame:
    """Where the policy is strict, no drawn firm lacks hours that visits by risk to better tiers use."""
    return overtaken(case.plan, case.given)


def pinned_visits_stand(case: _Case) -> pl.DataFrame:
    """A fixed visit is in the plan with its day and its people."""
    if case.given.pinned is None:
        return pl.DataFrame({"visit_id": []})
    key = ["visit_id", "enterprise_id", "visit_date"]
    return case.given.pinned.join(case.plan.visits, on=key, how="anti").select(key)


RULES: tuple[Rule, ...] = (
    visit_ids_are_unique,
    team_has_its_size,
    inspectors_are_known,
    licence_is_valid_on_the_day,
    inspector_has_the_skill,
    inspector_serves_the_district,
    inspector_is_present,
    day_is_a_working_day,
    nobody_works_over_the_day,
    two_districts_a_day_at_most,
    one_team_a_day,
    no_conflict_of_interest,
    nobody_returns_too_soon,
    yearly_cap_is_kept,
    interval_is_kept,
    one_visit_a_day,
    firm_is_known_active_and_rated,
    visit_states_the_firm_truly,
    visit_takes_the_policys_minutes,
    must_visits_are_kept_or_named,
    every_firm_is_in_or_out,
    drawn_firms_were_drawn,
    worse_tiers_come_first,
    pinned_visits_stand,
)
