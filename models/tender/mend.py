"""Rules for points that contradict each other: which clauses, and the smallest change that mends them.

Found by optimisation over slack (not by assumption cores): first as few rules as possible, then as little as possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from config.errors import PolicyError
from config.in_force import Clause
from config.units import points_text
from models.tender.point_model import PointModel, solve
from models.tender.point_rules import PointRules

SOFT = (
    "cap",
    "gap_min",
    "gap_max",
    "mean_tolerance",
    "never_flips_quality",
    "never_flips_price_per_mille",
    "sme_minimum",
)
"""Rules an office may change; step and monotony may not."""

SIGN = {"gap_min": -1, "sme_minimum": -1}
"""Rules that are eased downwards."""


@dataclass(frozen=True)
class Change:
    """One rule eased: milli-points from → to, and where the rule stands."""

    rule: str
    old: Fraction
    new: Fraction
    clause: Clause | None

    def __str__(self) -> str:
        where = f" ({self.clause})" if self.clause else ""
        return f"{self.rule} {_text(self.old)} → {_text(self.new)} points{where}"


def smallest_changes(rules: PointRules) -> tuple[Change, ...]:
    """The fewest rules, eased by the least in total, with which a table exists; empty where one exists already."""
    model = PointModel(rules, frozenset(name for name in SOFT if value(rules, name) is not None))
    used = {name: model.model.new_bool_var(f"used:{name}") for name in model.slack}
    for name, slack in model.slack.items():
        model.model.add(slack == 0).only_enforce_if(~used[name])
    solver = None
    for goal in (sum(used.values()), sum(model.slack.values())):
        model.model.minimize(goal)
        solver = solve(model.model)
        if solver is None:
            return ()
        model.model.add(goal == round(solver.objective_value))
    assert solver is not None
    return tuple(
        _change(rules, name, solver.value(slack)) for name, slack in model.slack.items() if solver.value(slack)
    )


def single_changes(rules: PointRules) -> tuple[Change, ...]:
    """For each rule that can mend the contradiction alone, the least by which it has to give way."""
    found = []
    for name in SOFT:
        if value(rules, name) is None:
            continue
        model = PointModel(rules, frozenset({name}))
        model.model.minimize(model.slack[name])
        solver = solve(model.model)
        if solver is not None and solver.value(model.slack[name]):
            found.append(_change(rules, name, solver.value(model.slack[name])))
    return tuple(found)


def infeasible(rules: PointRules) -> PolicyError:
    """The error that names the clauses, the smallest change, and the other single changes that would do."""
    changes = smallest_changes(rules)
    if not changes:
        return PolicyError(
            "tender.bid: no table of points keeps the rules, whatever is eased.",
            remedy="check cap and step",
        )
    others = [change for change in single_changes(rules) if change not in changes]
    also = f"; or instead one of: {'; '.join(map(str, others))}" if others else ""
    named = ", ".join(f"{change.rule} ({change.clause})" for change in changes)
    return PolicyError(
        f"tender.bid: no table of points keeps all the rules; {named} cannot be kept with the others.",
        remedy=f"smallest change: {'; '.join(map(str, changes))}{also}",
    )


def value(rules: PointRules, name: str) -> Fraction | None:
    """What a rule asks for, in milli-points."""
    values = {
        "cap": rules.cap,
        "gap_min": rules.gap_min or None,
        "gap_max": rules.gap_max,
        "mean_tolerance": rules.mean_tolerance if rules.mean_target is not None else None,
        "never_flips_quality": rules.spread_quality,
        "never_flips_price_per_mille": rules.spread_price,
        "sme_minimum": rules.small_mean if rules.population.small_total else None,
    }
    found = values[name]
    return None if found is None else Fraction(found)


def _change(rules: PointRules, name: str, slack: int) -> Change:
    old = value(rules, name)
    assert old is not None
    return Change(name, old, old + SIGN.get(name, 1) * slack, rules.clauses.get(name))


def _text(points: Fraction) -> str:
    return points_text(round(points))
