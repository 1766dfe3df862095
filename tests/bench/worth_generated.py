"""What a plan finds where the truth is known: generated registers, one quarter, the same people and hours for all.

The truth (would_fail) is read only to count. Everybody keeps what has to take place (must and statutory visits);
the plan adds by rates, draw and risk; greedy adds the worst tier first by worth; chance adds by lot, both until the
hours that the plan spends are spent. "Days first": the same visits, moved forward by the planner's own pass in the
order of greedy's priority, so that greedy too comes as early as it can.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from config.policy import load_policy
from exports.registers import write_registers
from flows.run import next_quarter
from models.inspection import PlanInput, keyed, make_plan, violations
from models.inspection.baseline import greedy
from models.inspection.crew import Crew, build_crew
from models.inspection.demand import candidates
from models.inspection.make import names_of
from models.inspection.problem import Problem, Solution
from models.inspection.roster import bar_impossible, build
from models.inspection.sooner import Wishes, sooner
from models.inspection.working_days import working_days
from models.intake import intake, load_source
from models.rating import rate
from models.records import TABLES, empty

AS_OF = date(2026, 11, 1)


@dataclass(frozen=True)
class Worth:
    """What one way of planning found. day: mean working day of the period on which a dishonest firm was found."""

    name: str
    visits: float
    firms: float
    minutes: float  # of a team at the firms
    found: float
    day: float
    in_a_third: float = 0.0  # of them found in the first third of the working days
    by_chance: float = 0.0  # mean day if the days of its visits were shuffled

    @property
    def per_hundred(self) -> float:
        """Dishonest firms per 100 firms visited."""
        return 100 * self.found / max(1, self.firms)


def town(n: int, seed: int) -> tuple[PlanInput, pl.DataFrame]:
    """The planner's input over n generated enterprises, rated; and the truth: enterprise_id, would_fail."""
    source, policy = load_source("generated"), load_policy("market").at(AS_OF)
    with tempfile.TemporaryDirectory() as folder:
        write_registers(Path(folder) / "data", n, seed, AS_OF)
        tables = intake(source, Path(folder) / "data", secret=b"w" * 32, policy=policy, as_of=AS_OF).tables
        truth = pl.read_parquet(Path(folder) / "data" / "truth" / "would_fail.parquet")
    known = {name: tables.get(name, empty(schema)) for name, schema in TABLES.items()}
    period = next_quarter(AS_OF)
    nouns = ("enterprises", "visits", "inspectors", "absences", "conflicts", "must_visits")
    given = PlanInput(
        ratings=rate(tables, policy), policy=policy, period_from=period[0], period_to=period[1],
        seed=f"worth {seed}".encode(), **{name: known[name] for name in nouns},
    )  # fmt: skip
    return given, truth.select("enterprise_id", "would_fail")


def compared(given: PlanInput, truth: pl.DataFrame, lots: int = 5) -> list[Worth]:
    """The plan, the same without randomness, greedy by priority and chance (mean of so many lots).

    Greedy and chance may spend as many person-minutes as the plan does, with its people and calendar.
    """
    days = working_days(given.period_from, given.period_to, given.policy.as_of, given.policy.redress.holidays, (5, 6))
    ours, directed = _planned(given, days), _planned(_rules(given, directed_per_mille=1000), days)
    by_risk, packed = (_planned(_rules(given, risk_first_per_mille=share), days) for share in (1000, None))
    everybody = _everybody(given, days)
    spent = int(ours["minutes"].sum())
    by_lot = []
    for lot in range(lots):
        chance = keyed.numbers(f"lot {lot}".encode(), everybody.firms["enterprise_id"])
        by_lot.append(_worth("by lot", everybody.visits(chance, spent), truth, len(days)))
    priority = everybody.priority()
    return [
        _worth("evenhand", ours, truth, len(days)),
        _worth("evenhand, all by risk", by_risk, truth, len(days)),
        _worth("evenhand, days as packed", packed, truth, len(days)),
        _worth("evenhand, no lot", directed, truth, len(days)),
        _worth("greedy by priority", everybody.visits(priority, spent), truth, len(days)),
        _worth("greedy, days first", everybody.visits(priority, spent, days_first=True), truth, len(days)),
        _mean(by_lot),
    ]


def _planned(given: PlanInput, days: list[date]) -> pl.DataFrame:
    plan = make_plan(given)
    if violations(plan, given):
        raise ValueError("the plan breaks a rule")
    index = pl.DataFrame({"visit_date": days, "at": range(len(days))}, schema_overrides={"at": pl.Int64})
    return plan.visits.join(index, on="visit_date").select("enterprise_id", "at", "minutes")


def _rules(given: PlanInput, **changes: int | None) -> PlanInput:
    rules = replace(given.policy.inspection, **changes)  # type: ignore[arg-type]
    return replace(given, policy=replace(given.policy, inspection_rules=rules))


@dataclass(frozen=True)
class _Everybody:
    """Every firm that may be visited, once, sorted by id; layer: must, statutory, directed."""

    firms: pl.DataFrame
    given: PlanInput
    crew: Crew
    days: list[date]
    districts: list[str]
    skills: list[str]

    def priority(self) -> np.ndarray:  # type: ignore[type-arg]
        """Worst tier first, then risk × recency × length."""
        rank = {tier.id: tier.rank for tier in self.given.policy.tiers}
        tier = self.firms["tier"].replace_strict(rank, default=0, return_dtype=pl.Int64).to_numpy()
        return np.asarray(tier * 10**9 + self.firms["value"].to_numpy())

    def visits(self, order: np.ndarray, minutes: int, *, days_first: bool = False) -> pl.DataFrame:  # type: ignore[type-arg]
        """enterprise_id, at, minutes: greedy takes duties, then highest `order` first, till the minutes are spent."""
        ranked = (
            self.firms.with_row_index("row")
            .with_columns(
                pl.Series("order", order),
                pl.col("layer").replace_strict({"must": 0, "statutory": 1, "directed": 2}).alias("turn"),
            )
            .sort("turn", "order", "enterprise_id", descending=[False, True, False])
            .with_columns(pl.int_range(self.firms.height, 0, -1, dtype=pl.Int64).alias("first"))
            .sort("row")
        )
        problem = build(self.firms, {}, self.given, self.crew, self.days, self.districts, self.skills)
        flat = np.zeros_like(problem.premium)
        problem = replace(problem, value=ranked["first"].to_numpy(), premium=flat, over=flat)
        found = greedy(problem, self.given.seed)
        placed = ranked.with_columns(pl.Series("at", found.day)).with_row_index("of").filter(pl.col("at") >= 0)
        placed = placed.sort("first", descending=True).filter(pl.col("minutes").cum_sum() <= minutes)
        if days_first:
            day = self._forward(problem, found, placed["of"].to_numpy(), order)
            placed = placed.with_columns(at=pl.Series(day[placed["of"].to_numpy()]))
        return placed.select("enterprise_id", "minutes", "at")

    def _forward(self, problem: Problem, found: Solution, taken: np.ndarray, order: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        """Days of the visits taken after the planner's pass, heaviest in the order of priority."""
        kept = np.full(len(problem.ids), -1, np.int64)
        kept[taken] = found.day[taken]
        weight = 1 + np.argsort(np.argsort(order, kind="stable"), kind="stable").astype(np.int64)
        wished = Wishes(weight, problem.first, ["risk"] * len(weight))
        names = self.firms["enterprise_id"].to_list()
        return sooner(problem, names, replace(found, day=kept), wished, self.given.seed).day


def _everybody(given: PlanInput, days: list[date]) -> _Everybody:
    rows = candidates(given, days)
    districts, skills = names_of(rows, given)
    crew = build_crew(given.inspectors, given.absences, days, districts, skills)
    rows = bar_impossible(rows, given, crew, days, districts, skills).filter(pl.col("barred").is_null())
    duty = pl.when(pl.col("must").is_not_null()).then(pl.lit("must")).when("statutory").then(pl.lit("statutory"))
    once = rows.filter((pl.col("count") == 1) | pl.col("must").is_not_null())
    firms = once.with_columns(duty.otherwise(pl.lit("directed")).alias("layer")).sort("enterprise_id", "count")
    return _Everybody(firms, given, crew, days, districts, skills)


def _worth(name: str, visits: pl.DataFrame, truth: pl.DataFrame, days: int) -> Worth:
    first = visits.group_by("enterprise_id").agg(pl.col("at").min())
    hit = first.join(truth.filter("would_fail"), on="enterprise_id")["at"].to_numpy()
    day = float(hit.mean()) if len(hit) else float("nan")
    third, shuffled = int((3 * hit < days).sum()), float(first["at"].mean() or 0)  # type: ignore[arg-type]
    return Worth(name, visits.height, first.height, int(visits["minutes"].sum()), len(hit), day, third, shuffled)


def _mean(lots: list[Worth]) -> Worth:
    names = ("visits", "firms", "minutes", "found", "day", "in_a_third", "by_chance")
    return Worth(lots[0].name, *(float(np.mean([getattr(one, name) for one in lots])) for name in names))
