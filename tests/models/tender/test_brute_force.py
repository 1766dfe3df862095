"""The optimiser against every possibility, on small cases."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import PolicyError
from models.tender.bid_points import optimised
from models.tender.lots import Offer, assign
from models.tender.mend import SOFT, single_changes, smallest_changes, value
from models.tender.parametric import breakpoints
from models.tender.point_rules import PointRules
from tests.models.tender import build

HALF = 500


def keeps(rules: PointRules, table: tuple[int, ...], eased: dict[str, Fraction] | None = None) -> bool:
    """Whether a table (milli-points, best tier first) keeps every rule, some of them eased by so much."""
    ease = (eased or {}).get
    count, small = list(rules.population.count.values()), list(rules.population.small.values())
    gaps = [a - b for a, b in pairwise(table)]
    mean = Fraction(sum(p * n for p, n in zip(table, count, strict=True)), sum(count))
    spread = table[0] - table[-1]
    checks = [
        all(gap >= 0 for gap in gaps),
        table[0] <= rules.cap + ease("cap", 0),
        all(gap >= rules.gap_min - ease("gap_min", 0) for gap in gaps),
        rules.gap_max is None or all(gap <= rules.gap_max + ease("gap_max", 0) for gap in gaps),
        rules.spread_quality is None or spread <= rules.spread_quality + ease("never_flips_quality", 0),
        rules.spread_price is None or spread <= int(rules.spread_price) + ease("never_flips_price_per_mille", 0),
        rules.mean_target is None or abs(mean - rules.mean_target) <= rules.mean_tolerance + ease("mean_tolerance", 0),
    ]
    if rules.small_mean is not None and small:
        own = Fraction(sum(p * n for p, n in zip(table, small, strict=True)), sum(small))
        checks.append(own >= rules.small_mean - ease("sme_minimum", 0))
    return all(checks)


def tables(rules: PointRules, highest: int) -> Any:
    """Every falling table of half points."""
    steps = range(highest // rules.step, -1, -1)
    for table in product(steps, repeat=len(rules.population.tiers)):
        if all(a >= b for a, b in pairwise(table)):
            yield tuple(s * rules.step for s in table)


def worth(rules: PointRules, table: tuple[int, ...]) -> tuple[Any, ...]:
    """The lexicographic goals, to be maximised."""
    count = list(rules.population.count.values())
    total = sum(p * n for p, n in zip(table, count, strict=True))
    pairs = sum((table[i] - table[j]) * count[i] * count[j] for i, j in combinations(range(len(table)), 2))
    distance = 0 if rules.mean_target is None else abs(total - int(rules.mean_target * sum(count)))
    return (table[0] - table[-1], min(a - b for a, b in pairwise(table)), pairs, -distance, *(-p for p in table))


@st.composite
def small_rules(draw: st.DrawFn) -> PointRules:
    tiers = ("A", "B", "C")[: draw(st.integers(2, 3))]
    half = st.integers(0, 12).map(lambda k: k / 2)
    maybe = st.none() | half
    return build.rules(
        {tier: draw(st.integers(1, 9)) for tier in tiers},
        caps={"credit": 6},
        small={tier: draw(st.integers(1, 5)) for tier in tiers} if draw(st.booleans()) else None,
        gap_min=draw(st.integers(0, 3)) / 2,
        gap_max=draw(maybe),
        mean_target=draw(maybe),
        mean_tolerance=draw(st.integers(0, 4)) / 4,
        spread_quality=draw(maybe),
        spread_price=draw(st.none() | st.integers(0, 50).map(lambda k: k / 8)),
        small_mean=draw(maybe),
    )


@given(small_rules())
@settings(max_examples=40)
def test_points_equal_the_best_of_all_tables(rules: PointRules) -> None:
    possible = [table for table in tables(rules, rules.cap) if keeps(rules, table)]
    if not possible:
        with pytest.raises(PolicyError):
            optimised(rules)
        return
    best = max(possible, key=lambda table: worth(rules, table))
    found, stages = optimised(rules)
    assert tuple(found["credit"].values()) == best
    assert stages[0].optimum == best[0] - best[-1]


@given(small_rules())
@settings(max_examples=40)
def test_the_smallest_change_mends_and_nothing_smaller_does(rules: PointRules) -> None:
    if any(keeps(rules, table) for table in tables(rules, rules.cap)):
        assert smallest_changes(rules) == ()
        return
    changes = smallest_changes(rules)
    eased = {change.rule: abs(change.new - change.old) for change in changes}
    wide = list(tables(rules, 2 * rules.cap))
    assert any(keeps(rules, table, eased) for table in wide)
    for change in single_changes(rules):
        size = abs(change.new - change.old)
        assert any(keeps(rules, table, {change.rule: size}) for table in wide)
        assert not any(keeps(rules, table, {change.rule: size - 1}) for table in wide)
    usable = [name for name in SOFT if value(rules, name) is not None]
    if len(changes) > 1:  # then no rule alone mends it, however far it is eased
        assert not any(keeps(rules, table, {name: Fraction(10**6)}) for name in usable for table in wide)
    elif changes:
        assert eased[changes[0].rule] == min(abs(c.new - c.old) for c in single_changes(rules))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 30)), min_size=1, max_size=12),
    st.integers(1, 3),
)
@settings(max_examples=60)
def test_lots_equal_the_best_of_all_awards(raw: list[tuple[int, int, int]], limit: int) -> None:
    costs = {(str(lot), f"f{firm}"): -points for lot, firm, points in raw}
    offers = [Offer(firm, lot, (firm,), cost, 1, abs(hash_of(lot, firm))) for (lot, firm), cost in costs.items()]
    found = assign(offers, limit)
    best = min(every_award(costs, limit))
    assert (-len(found.awards), sum(costs[pair] for pair in found.awards.items())) == best
    assert found.objective == found.bound == best[1]
    assert assign(list(reversed(offers)), limit) == found


def hash_of(lot: str, firm: str) -> int:
    return (int(lot) * 7 + int(firm[1:]) * 13) << 50


def every_award(costs: dict[tuple[str, str], int], limit: int) -> list[tuple[int, int]]:
    """(−lots awarded, Σ cost) of every award that keeps the limit."""
    lots = sorted({lot for lot, _ in costs})
    options = [[None, *[firm for other, firm in costs if other == lot]] for lot in lots]
    found = []
    for choice in product(*options):
        taken = [firm for firm in choice if firm is not None]
        if all(taken.count(firm) <= limit for firm in taken):
            total = sum(costs[lot, firm] for lot, firm in zip(lots, choice, strict=True) if firm is not None)
            found.append((-len(taken), total))
    return found


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=8))
def test_breakpoints_equal_those_of_all_lines(lines: list[tuple[int, int]]) -> None:
    def best(t: Fraction) -> tuple[int, int]:
        return max(lines, key=lambda line: (line[0] + line[1] * t, line[1]))

    found = breakpoints(best, Fraction(2))
    values = {Fraction(a[0] - b[0], b[1] - a[1]) for a in lines for b in lines if a[1] != b[1]}
    wanted = [
        t
        for t in sorted(values)
        if 0 < t < 2 and len({line[1] for line in lines if line[0] + line[1] * t == best(t)[0] + best(t)[1] * t}) > 1
    ]
    assert found == wanted
