"""Prices → points, exactly (fractions), rounded half up to thousandths at the end.

Scaling every price and ceiling by one factor changes no result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from models.tender.amounts import rounded
from models.tender.case import Formula, PriceRule


def benchmark(prices: Sequence[int], rule: PriceRule, ceiling: int | None = None) -> Fraction:
    """The price that gets full points, in minor units. `prices`: the bids that are compared, all above 0.

    lowest: the lowest price. average: the mean, from `trim_from` bids on without the highest and the lowest.
    benchmark: mix × ceiling × coefficient + (1 − mix) × that mean.
    """
    if rule.formula is Formula.lowest:
        return Fraction(min(prices))
    mean = trimmed_mean(prices, rule.trim_from)
    if rule.formula is Formula.average or not rule.mix:
        return mean * (rule.coefficient if rule.formula is Formula.benchmark else 1)
    assert ceiling is not None  # `problems` has refused a benchmark without one
    return rule.mix * ceiling * rule.coefficient + (1 - rule.mix) * mean


def price_points(prices: Mapping[str, int], weight: int, rule: PriceRule, ceiling: int | None = None) -> dict[str, int]:
    """Milli-points by bid, within 0…weight."""
    if not prices:
        return {}
    target = benchmark(list(prices.values()), rule, ceiling)
    return {bid: rounded(points(price, target, weight, rule)) for bid, price in prices.items()}


def points(price: int, target: Fraction, weight: int, rule: PriceRule) -> Fraction:
    """Milli-points of one price against the benchmark, not rounded."""
    if rule.formula is Formula.lowest:
        return weight * target / price
    per_cent = (price - target) * 100 / target
    lost = per_cent * rule.deduct_above if per_cent > 0 else -per_cent * rule.deduct_below
    return max(Fraction(0), weight - lost)


def points_lost_at(per_mille: int, weight: int, rule: PriceRule) -> Fraction:
    """Milli-points a bid loses for being `per_mille` dearer than the benchmark price (or, where bids below the
    benchmark lose too, for being as much cheaper: whichever is less).

    The benchmark is the yardstick because formulas that punish cheap bids give no guarantee between any two bids.
    """
    share = Fraction(per_mille, 1000)
    if rule.formula is Formula.lowest:
        return weight * share / (1 + share)
    lost = [share * 100 * rule.deduct_above]
    if rule.deduct_below:
        lost.append(share * 100 * rule.deduct_below)
    return min(Fraction(weight), *lost)


def trimmed_mean(values: Sequence[int], trim_from: int | None) -> Fraction:
    """Mean; from `trim_from` values on (at least three) without one highest and one lowest."""
    kept = sorted(values)
    if trim_from is not None and len(kept) >= max(trim_from, 3):
        kept = kept[1:-1]
    return Fraction(sum(kept), len(kept))
