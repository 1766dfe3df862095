"""The policy's rules for bid points as integers over half points (steps), each with the clause it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from config.in_force import Clause, Policy
from config.pack import BidRules
from config.units import milli
from models.tender.case import Kind, TenderCase
from models.tender.population import Population
from models.tender.price import points_lost_at


@dataclass(frozen=True)
class PointRules:
    """What a table of points must keep. Milli-points, not rounded; `None` = the policy says nothing.

    gap, mean and the small firms' mean are stated for the policy's cap and shrink with a tender's smaller weight;
    the limits on quality and price are points of the total score and do not.
    """

    step: int
    caps: Mapping[str, int]  # by credit criterion: its weight in the tender
    gap_min: Fraction
    gap_max: Fraction | None
    mean_target: Fraction | None
    mean_tolerance: Fraction
    spread_quality: int | None  # best − worst may not exceed this: never flips a quality difference
    spread_price: Fraction | None  # the same for a price difference, in points of the price formula
    small_mean: Fraction | None
    population: Population
    clauses: Mapping[str, Clause] = field(default_factory=dict)

    @property
    def cap(self) -> int:
        return sum(self.caps.values())


PLAIN = "credit"
"""Name of the only credit criterion where no tender says otherwise."""


def rules_of(policy: Policy, population: Population, case: TenderCase | None = None) -> PointRules:
    """The rules for one tender (its credit criteria, its price formula), or for a tender at the policy's cap."""
    bid = policy.tender.bid
    caps = {c.id: c.weight for c in case.of_kind(Kind.credit)} if case else {PLAIN: milli(bid.cap)}
    scale = Fraction(sum(caps.values()), milli(bid.cap))
    return PointRules(
        step=milli(bid.step),
        caps=caps,
        gap_min=_points(bid.gap_min or Decimal(0)) * scale,
        gap_max=None if bid.gap_max is None else _points(bid.gap_max) * scale,
        mean_target=None if bid.mean_target is None else _points(bid.mean_target) * scale,
        mean_tolerance=_points(bid.mean_tolerance) * scale,
        spread_quality=None if bid.never_flips_quality is None else milli(bid.never_flips_quality),
        spread_price=_price_spread(bid, case),
        small_mean=None if bid.sme_minimum is None else _points(bid.sme_minimum) * scale,
        population=population,
        clauses={name: clause_of(policy, name) for name in BidRules.model_fields},
    )


def clause_of(policy: Policy, field_name: str) -> Clause:
    """Where a field of the bid rules stands: its own reference, else that of the rules as a whole."""
    whole = policy.tender.bid_clause
    own = policy.tender.bid.clauses.get(field_name)
    return whole if own is None else Clause(own.instrument, own.article, whole.since, whole.verified)


def _price_spread(bid: BidRules, case: TenderCase | None) -> Fraction | None:
    """Points a bid loses on price for being the policy's per mille dearer: credit may not give more than that."""
    if bid.never_flips_price_per_mille is None or case is None:
        return None
    lost = [
        points_lost_at(bid.never_flips_price_per_mille, c.weight, c.price) for c in case.of_kind(Kind.price) if c.price
    ]
    return min(lost, default=None)


def _points(value: Decimal) -> Fraction:
    return Fraction(value) * 1000
