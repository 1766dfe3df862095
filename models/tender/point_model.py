"""Points by tier as an optimisation model: variables, one method per rule, the things to optimise (CP-SAT).

Variables count steps (half points), everything else is integer milli-points. A rule may be given slack: that is how
`mend` finds the smallest change of the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations, pairwise
from math import ceil, floor
from typing import Any

from ortools.sat.python import cp_model

from config.errors import PlanError
from models.tender.point_rules import PointRules

DETERMINISTIC_LIMIT = 60.0
"""Deterministic time of one stage; a table of points needs less than a tenth."""

LARGEST_COUNT = 1_000_000
"""Beyond so many firms the pairwise differences are weighed by parts per million of the population."""


class PointModel:
    """One table of points for one tender. `relaxable`: names of rules that get slack."""

    def __init__(self, rules: PointRules, relaxable: frozenset[str] = frozenset()) -> None:
        self.rules = rules
        self.model = cp_model.CpModel()
        self.tiers = rules.population.tiers
        self.highest = 2 * max(rules.cap, *(int(x) for x in (rules.gap_min, rules.mean_target or 0)), rules.step)
        self.slack = {name: self.model.new_int_var(0, self.highest, f"slack:{name}") for name in sorted(relaxable)}
        self.points = {
            (criterion, tier): self.model.new_int_var(0, self.highest // rules.step, f"{criterion}:{tier}")
            for criterion in rules.caps
            for tier in self.tiers
        }
        self.within_the_cap()
        self.monotone_in_tier()
        self.gaps_within_bounds()
        self.mean_is_neutral()
        self.quality_is_never_flipped()
        self.price_is_never_flipped()
        self.small_firms_are_protected()

    def total(self, tier: str) -> cp_model.LinearExpr:
        """Milli-points of a tier over all credit criteria."""
        return cp_model.LinearExpr.sum([self.points[c, tier] for c in self.rules.caps]) * self.rules.step

    def spread(self) -> cp_model.LinearExpr:
        """Best tier minus worst."""
        return self.total(self.tiers[0]) - self.total(self.tiers[-1])

    def _sum_over(self, count: Mapping[str, int]) -> cp_model.LinearExpr:
        return cp_model.LinearExpr.sum([self.total(tier) * n for tier, n in count.items() if n])

    def _slack(self, name: str) -> cp_model.IntVar | int:
        return self.slack.get(name, 0)

    def fix(self, goal: Any, optimum: int, solver: cp_model.CpSolver) -> None:
        """Hold a stage at its optimum and start the next one from its solution."""
        self.model.add(goal == optimum)
        self.model.clear_objective()  # type: ignore[no-untyped-call]
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for variable in self.points.values():
            self.model.add_hint(variable, solver.value(variable))

    def within_the_cap(self) -> None:
        """No criterion gives more than its weight in the tender."""
        for (criterion, _), steps in self.points.items():
            self.model.add(steps * self.rules.step <= self.rules.caps[criterion] + self._slack("cap"))
        self.model.add(self.total(self.tiers[0]) <= self.rules.cap + self._slack("cap"))

    def monotone_in_tier(self) -> None:
        """A better tier never gets fewer points, on any criterion."""
        for criterion in self.rules.caps:
            for better, worse in pairwise(self.tiers):
                self.model.add(self.points[criterion, better] >= self.points[criterion, worse])

    def gaps_within_bounds(self) -> None:
        """Neighbouring tiers differ by gap_min…gap_max points."""
        for better, worse in pairwise(self.tiers):
            gap = self.total(better) - self.total(worse)
            self.model.add(gap + self._slack("gap_min") >= ceil(self.rules.gap_min))
            if self.rules.gap_max is not None:
                self.model.add(gap <= floor(self.rules.gap_max) + self._slack("gap_max"))

    def mean_is_neutral(self) -> None:
        """The population's mean is within the tolerance of the target."""
        if self.rules.mean_target is None:
            return
        n, tolerance = self.rules.population.total, self.rules.mean_tolerance
        total, slack = self._sum_over(self.rules.population.count), self._slack("mean_tolerance")
        self.model.add(total <= floor((self.rules.mean_target + tolerance) * n) + slack * n)
        self.model.add(total >= ceil((self.rules.mean_target - tolerance) * n) - slack * n)

    def quality_is_never_flipped(self) -> None:
        """Best − worst ≤ X: a quality difference larger than X stays decisive."""
        if self.rules.spread_quality is not None:
            self.model.add(self.spread() <= self.rules.spread_quality + self._slack("never_flips_quality"))

    def price_is_never_flipped(self) -> None:
        """Best − worst ≤ what the price formula takes for a difference of Y per mille."""
        if self.rules.spread_price is not None:
            limit = floor(self.rules.spread_price)
            self.model.add(self.spread() <= limit + self._slack("never_flips_price_per_mille"))

    def small_firms_are_protected(self) -> None:
        """Mean over the population's micro and small firms ≥ the minimum. Nobody's own size changes its points."""
        n = self.rules.population.small_total
        if self.rules.small_mean is not None and n:
            total, slack = self._sum_over(self.rules.population.small), self._slack("sme_minimum")
            self.model.add(total + slack * n >= ceil(self.rules.small_mean * n))

    def smallest_gap(self) -> cp_model.IntVar:
        """The smallest difference between neighbours, to be maximised."""
        smallest = self.model.new_int_var(0, self.highest, "smallest gap")
        for better, worse in pairwise(self.tiers):
            self.model.add(smallest <= self.total(better) - self.total(worse))
        return smallest

    def pairwise_differences(self) -> cp_model.LinearExpr:
        """Σ over pairs of firms of the difference of their points (steps); linear, as points fall with the tier."""
        weights = pair_weights(self.rules)
        parts = [
            (self.points[c, better] - self.points[c, worse]) * weight
            for (better, worse), weight in weights.items()
            for c in self.rules.caps
        ]
        return cp_model.LinearExpr.sum(parts)

    def distance_from_target(self) -> cp_model.IntVar:
        """|mean − target| × firms, to be minimised."""
        n = self.rules.population.total
        distance = self.model.new_int_var(0, self.highest * n * 2, "distance")
        target = floor((self.rules.mean_target or Fraction(0)) * n)
        off = self._sum_over(self.rules.population.count) - target
        self.model.add(distance >= off)
        self.model.add(distance >= -off)
        return distance

    def unevenness(self) -> cp_model.LinearExpr:
        """How far the criteria's shares of a tier's points are from the criteria's weights, to be minimised."""
        parts = []
        for (criterion, tier), steps in self.points.items():
            off = self.model.new_int_var(0, self.highest * self.rules.cap, f"off:{criterion}:{tier}")
            difference = steps * (self.rules.step * self.rules.cap) - self.total(tier) * self.rules.caps[criterion]
            self.model.add(off >= difference)
            self.model.add(off >= -difference)
            parts.append(off)
        return cp_model.LinearExpr.sum(parts)


def pair_weights(rules: PointRules) -> dict[tuple[str, str], int]:
    """Number of pairs of firms (better tier, worse tier), in parts per million beyond LARGEST_COUNT firms."""
    n = rules.population.total
    count = dict(rules.population.count)
    if n > LARGEST_COUNT:
        count = {tier: firms * LARGEST_COUNT // n for tier, firms in count.items()}
    return {(a, b): count[a] * count[b] for a, b in combinations(rules.population.tiers, 2)}


def solve(model: cp_model.CpModel) -> cp_model.CpSolver | None:
    """One worker, deterministic limit: the same answer on any machine. None when infeasible."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = DETERMINISTIC_LIMIT
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None
    if status != cp_model.OPTIMAL:
        raise PlanError(
            f"table of points: the solver stopped with {solver.status_name(status)}.",
            remedy="use a coarser step or fewer credit criteria",
        )
    return solver
