"""Points by tier: from the policy's table, in proportion to the score, or found by the optimiser within the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from math import floor
from typing import Any

from config.errors import PolicyError
from config.in_force import Clause, Policy
from config.pack import BidMethod
from config.units import milli, points_text
from models.tender.amounts import rounded
from models.tender.case import TenderCase
from models.tender.mend import infeasible
from models.tender.point_model import PointModel, solve
from models.tender.point_rules import PointRules, clause_of, rules_of
from models.tender.population import Population


@dataclass(frozen=True)
class Stage:
    """One lexicographic stage and its proven optimum: the integer the solver saw, in milli-points where `points`."""

    name: str
    optimum: int
    points: bool = False

    @property
    def text(self) -> str:
        """The optimum as people read it."""
        return points_text(self.optimum) if self.points else f"{self.optimum:,}"


@dataclass(frozen=True)
class PointTable:
    """Milli-points by credit criterion and tier. Proportional tenders have none by tier: `points` is then empty."""

    method: BidMethod
    caps: Mapping[str, int]
    points: Mapping[str, Mapping[str, int]]
    neutral: Mapping[str, int]  # by criterion: bidders that cannot be rated
    population: Population
    clause: Clause
    neutral_clause: Clause
    stages: tuple[Stage, ...] = ()
    rules: PointRules | None = field(default=None, repr=False)

    def of_tier(self, tier: str) -> int:
        """Milli-points of a tier over all credit criteria."""
        return sum(table[tier] for table in self.points.values())

    @property
    def neutral_total(self) -> int:
        return sum(self.neutral.values())

    @property
    def spread(self) -> int:
        """Best minus worst."""
        tiers = self.population.tiers
        return self.of_tier(tiers[0]) - self.of_tier(tiers[-1]) if self.points else sum(self.caps.values())

    @property
    def mean(self) -> Fraction | None:
        """Mean over the rated population; None for proportional points."""
        if not self.points or not self.population.total:
            return None
        total = sum(self.of_tier(tier) * n for tier, n in self.population.count.items())
        return Fraction(total, self.population.total)


def points_by_tier(policy: Policy, population: Population, case: TenderCase | None = None) -> PointTable:
    """The table for one tender; without a tender, for one that uses the policy's whole cap.

    Raises PolicyError that names the clauses and the smallest change of them where no table keeps all the rules.
    """
    rules = rules_of(policy, population, case)
    method = policy.tender.bid.method
    stages: tuple[Stage, ...] = ()
    if method is BidMethod.optimised:
        points, stages = optimised(rules)
    elif method is BidMethod.proportional:
        points = {}
    else:
        points = _from_table(policy, rules)
    return PointTable(
        method=method,
        caps=rules.caps,
        points=points,
        neutral=_neutral(policy, rules, points),
        population=population,
        clause=clause_of(policy, "table" if method is BidMethod.table else "method"),
        neutral_clause=clause_of(policy, "neutral"),
        stages=stages,
        rules=rules,
    )


def optimised(rules: PointRules) -> tuple[dict[str, dict[str, int]], tuple[Stage, ...]]:
    """Lexicographic: largest spread, then largest smallest gap, then largest differences between firms, then the mean
    nearest to its target, then criteria in proportion to their weights, then the lowest points from the best tier down.

    Every stage is solved to proven optimality and then fixed. Raises PolicyError where the rules contradict each other.
    """
    built = PointModel(rules)
    wanted: list[tuple[str, int, Callable[[], Any]]] = [
        ("largest difference between best and worst tier", 1, built.spread),
        ("largest smallest gap between neighbours", 1, built.smallest_gap),
        ("largest sum of differences over all pairs of firms, in steps", 1, built.pairwise_differences),
    ]
    if rules.mean_target is not None:
        wanted.append(("mean nearest to its target (thousandths × firms away)", -1, built.distance_from_target))
    if len(rules.caps) > 1:
        wanted.append(("criteria in proportion to their weights", -1, built.unevenness))
    named = len(wanted)
    for key, variable in built.points.items():
        wanted.append((f"lowest points: {key[0]} {key[1]}", -1, partial(_same, variable)))
    stages: list[Stage] = []
    solver = None
    for name, sign, make in wanted:
        goal = make()
        (built.model.maximize if sign > 0 else built.model.minimize)(goal)
        solver = solve(built.model)
        if solver is None:
            raise infeasible(rules)
        optimum = int(solver.value(goal))
        built.fix(goal, optimum, solver)
        stages.append(Stage(name, optimum, points=len(stages) < 2))
    assert solver is not None
    points = {
        criterion: {tier: solver.value(built.points[criterion, tier]) * rules.step for tier in built.tiers}
        for criterion in rules.caps
    }
    return points, tuple(stages[:named])


def _same(variable: Any) -> Any:
    return variable


def _from_table(policy: Policy, rules: PointRules) -> dict[str, dict[str, int]]:
    """The policy's table, shrunk to the tender's weight and rounded to the step; never above the criterion's weight."""
    bid = policy.tender.bid
    top = milli(bid.annual_cap if bid.method is BidMethod.annual_and_live and bid.annual_cap else bid.cap)
    missing = [tier for tier in rules.population.tiers if tier not in bid.table]
    if missing:
        raise PolicyError(
            f"{policy.pack}: tender.bid.table: no points for tier {', '.join(missing)} ({clause_of(policy, 'table')}).",
            remedy="give each tier its points",
        )
    share = Fraction(top, milli(bid.cap))
    return {
        criterion: {
            tier: min(
                rounded(Fraction(milli(bid.table[tier])) / top * share * cap, rules.step),
                floor(cap * share),
            )
            for tier in rules.population.tiers
        }
        for criterion, cap in rules.caps.items()
    }


def _neutral(policy: Policy, rules: PointRules, points: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Points of a bidder that cannot be rated: the policy's, else the population's mean, rounded to the step."""
    bid = policy.tender.bid
    if bid.neutral is not None:
        share = Fraction(milli(bid.neutral), milli(bid.cap))
        return {criterion: rounded(share * cap, rules.step) for criterion, cap in rules.caps.items()}
    if not points:
        return {criterion: rounded(Fraction(cap, 2), rules.step) for criterion, cap in rules.caps.items()}
    n = rules.population.total
    means = {
        criterion: Fraction(sum(table[tier] * rules.population.count[tier] for tier in table), n)
        for criterion, table in points.items()
    }
    return {criterion: rounded(mean, rules.step) for criterion, mean in means.items()}
