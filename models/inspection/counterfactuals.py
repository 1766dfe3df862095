"""Counterfactuals for planners: what the policy wants, what fits, and what each relaxation would buy.

"80% of D needs 312 visits, 240 fit: 3 more inspectors for food, or a rate of 61%." Every line is the answer of the
quota's own linear model solved again with one thing changed; nothing is extrapolated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import polars as pl

from config.in_force import Inspection
from models import records
from models.inspection.allocate import Allocation, allocate
from models.inspection.crew import build_crew
from models.inspection.demand import candidates
from models.inspection.draw import MICRO
from models.inspection.make import names_of
from models.inspection.roster import bar_impossible
from models.inspection.terms import Plan, PlanInput
from models.inspection.working_days import working_days

MOST_PEOPLE = 64  # more than so many new inspectors is no answer


@dataclass(frozen=True)
class Counterfactual:
    """One tier that does not get what the policy wants. Visits of the period; `rate_*` per mille a year."""

    tier: str
    wanted: int
    fits: int
    rate_wanted: int
    rate_that_fits: int
    scarce: tuple[str, str] | None  # region and skill whose hours are dearest
    more_inspectors: int | None  # free for any district and skill, until everything fits; None: more than 64
    visits_per_inspector: float  # what the first pair of them would add

    def __str__(self) -> str:
        need = f"tier {self.tier}: a rate of {self.rate_wanted}‰ needs {self.wanted} visits, {self.fits} fit"
        if self.scarce is None:
            return f"{need}: no more hours would help, or a rate of {self.rate_that_fits}‰"
        people = f"{self.more_inspectors} more" if self.more_inspectors is not None else f"more than {MOST_PEOPLE} more"
        scarce = f"{self.scarce[1]} in {self.scarce[0]} is scarcest"
        return f"{need}: {people} inspectors ({scarce}), or a rate of {self.rate_that_fits}‰"


def counterfactuals(plan: Plan, given: PlanInput) -> list[Counterfactual]:
    """For each tier short of its wish, worst tier first; empty when everything wanted fits."""
    today = _served(given, 0)
    scarce = _scarcest(plan)
    found = []
    for tier in sorted(given.policy.tiers, key=lambda tier: -tier.rank):
        wanted, fits = today.get(tier.id, (0.0, 0.0))
        if wanted - fits >= 0.5:
            found.append(_answer(given, tier.id, wanted, fits, scarce))
    return found


def _answer(given: PlanInput, tier: str, wanted: float, fits: float, scarce: tuple[str, str] | None) -> Counterfactual:
    rules: Inspection = given.policy.inspection
    rate = rules.rates.get(tier) or 0
    first = _served(given, 2).get(tier, (0.0, 0.0))[1] - fits if scarce else 0.0
    return Counterfactual(
        tier, math.ceil(wanted - 1e-6), math.floor(fits + 1e-6), rate, int(rate * fits / wanted) if wanted else rate,
        scarce, _people(given, tier, wanted) if scarce else None, round(first / 2, 2),
    )  # fmt: skip


def _people(given: PlanInput, tier: str, wanted: float) -> int | None:
    """Fewest new inspectors with which the tier's wish fits, by doubling and halving."""

    def enough(count: int) -> bool:
        return wanted - _served(given, count).get(tier, (0.0, 0.0))[1] < 0.5

    high = 2
    while not enough(high):
        high *= 2
        if high > MOST_PEOPLE:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _scarcest(plan: Plan) -> tuple[str, str] | None:
    dear = plan.prices.filter(pl.col("price") > 0).sort("price", "region", "industry", descending=[True, False, False])
    return (dear["region"][0], dear["industry"][0]) if len(dear) else None


def _served(given: PlanInput, more: int) -> dict[str, tuple[float, float]]:
    """Tier → (visits wanted, visits the hours allow) with so many more inspectors."""
    if more:
        given = replace(given, inspectors=pl.concat([given.inspectors, _newcomers(given, more)]))
    country = given.operations.holidays or given.policy.redress.holidays
    days = working_days(given.period_from, given.period_to, given.policy.as_of, country, given.operations.weekend)
    rows = candidates(given, days)
    districts, skills = names_of(rows, given)
    crew = build_crew(given.inspectors, given.absences, days, districts, skills)
    rows = bar_impossible(rows, given, crew, days, districts, skills)
    found: Allocation = allocate(rows, given, crew, districts, skills, [day.isoformat() for day in days])
    sums = found.strata.group_by("tier").agg(
        pl.col("wanted").sum(), ((pl.col("random_quota") + pl.col("directed_quota")).sum() / MICRO).alias("fits")
    )
    return {tier: (wanted, fits) for tier, wanted, fits in sums.iter_rows()}


def _newcomers(given: PlanInput, count: int) -> pl.DataFrame:
    """People with the usual hours, licensed for everything, sent wherever hours are short."""
    minutes = int(given.inspectors["daily_minutes"].drop_nulls().median() or 0)  # type: ignore[arg-type]
    rows = [
        {"inspector_id": f"new {at + 1}", "name": "", "districts": ["*"], "skills": ["*"],
         "licence_to": given.period_to, "daily_minutes": minutes}
        for at in range(count)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=records.INSPECTORS)
