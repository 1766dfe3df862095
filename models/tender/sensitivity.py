"""Would somebody else have won without the credit points? Winners for every credit weight from 0 to the cap, exactly.

Credit points grow in proportion to the weight, everything else stays: total(w) = points without credit + credit × w/W.
Only the sign of differences matters, so rescaling all weights to 100 would give the same winners at w = 0 and w = W.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from config.in_force import Policy
from config.units import milli
from models.tender.case import Kind
from models.tender.evaluation import Evaluation, award_of
from models.tender.parametric import breakpoints, envelope, simplest_between
from models.tender.scoring import Scored, tie_key

EXACT_OFFERS = 600
"""Up to so many bids the thresholds under a limit of lots are exact; beyond, they are bracketed by half points."""

GRID = 500  # milli-points


@dataclass(frozen=True)
class Stretch:
    """Between two credit weights (milli-points, exact) the lot goes to this bid."""

    lot: str
    low: Fraction
    high: Fraction
    bid: str | None


@dataclass(frozen=True)
class Sensitivity:
    """`weight`: the tender's own credit weight; `cap`: the highest the policy admits (milli-points)."""

    weight: int
    cap: int
    stretches: tuple[Stretch, ...]
    without_credit: Mapping[str, str]  # lot → winner at weight 0, ties by rule
    exact: bool

    def of_lot(self, lot: str) -> list[Stretch]:
        return [stretch for stretch in self.stretches if stretch.lot == lot]

    def thresholds(self, lot: str) -> list[Fraction]:
        """Weights at which the lot's winner changes, ascending."""
        return [stretch.low for stretch in self.of_lot(lot)[1:]]


def sensitivity(evaluation: Evaluation, policy: Policy) -> Sensitivity:
    """Winner of every lot for every credit weight in 0…cap, the thresholds as exact fractions.

    Without a limit of lots from the upper envelope of the bidders' totals; under a limit from the breakpoints of the
    award's value, each award solved to optimality.
    """
    case, weight = evaluation.case, evaluation.case.weight(Kind.credit)
    cap = max(weight, milli(policy.tender.bid.cap))
    if not weight or not evaluation.rows:
        whole = [Stretch(lot.id, Fraction(0), Fraction(cap), evaluation.awards.get(lot.id)) for lot in case.lots]
        return Sensitivity(weight, cap, tuple(whole), dict(evaluation.awards), True)
    top = Fraction(cap, weight)
    limited = case.max_lots_per_bidder is not None
    exact = not limited or len(evaluation.rows) <= EXACT_OFFERS
    winners = _limited(evaluation, top, exact) if limited else _unlimited(evaluation, top)
    stretches = [replace(s, low=s.low * weight, high=s.high * weight) for s in winners]
    order = {lot.id: place for place, lot in enumerate(case.lots)}
    return Sensitivity(
        weight,
        cap,
        tuple(sorted(stretches, key=lambda s: (order[s.lot], s.low))),
        _Field(evaluation).awards_at(Fraction(0)),
        exact,
    )


def totals_at(rows: Sequence[Scored], weight: Fraction, own: int) -> dict[str, Fraction]:
    """Bid → total (milli-points, exact) at a credit weight; `own` is the tender's weight. For charts."""
    return {row.bid: row.without_credit + row.by_kind[Kind.credit] * weight / own for row in rows}


def _unlimited(evaluation: Evaluation, top: Fraction) -> Iterator[Stretch]:
    for lot in evaluation.case.lots:
        rows = evaluation.of_lot(lot.id)
        lines = [(row.without_credit, row.by_kind[Kind.credit], row.rank, row.bid) for row in rows]
        for low, high, bid in envelope(lines, top):
            yield Stretch(lot.id, low, high, bid)
        if not rows:
            yield Stretch(lot.id, Fraction(0), top, None)


def _limited(evaluation: Evaluation, top: Fraction, exact: bool) -> Iterator[Stretch]:
    field = _Field(evaluation)

    def value(t: Fraction) -> tuple[int, int]:
        """(Σ points without credit, Σ credit points) of the best award at t."""
        awarded = field.awards_at(t)
        chosen = [row for row in evaluation.rows if awarded.get(row.lot) == row.bid]
        return sum(row.without_credit for row in chosen), sum(row.by_kind[Kind.credit] for row in chosen)

    if exact and evaluation.case.lot_rule == "points":
        cuts = breakpoints(value, top)
    elif exact:
        cuts = sorted(set(_crossings(evaluation, top)))
    else:
        step = Fraction(GRID, evaluation.case.weight(Kind.credit))
        cuts = [step * k for k in range(1, int(top / step) + 1) if step * k < top]
    ends = [Fraction(0), *cuts, top]
    awarded = [field.awards_at(simplest_between(low, high)) for low, high in pairwise(ends)]
    for lot in evaluation.case.lots:
        start = 0
        for k in range(1, len(ends)):
            if k == len(ends) - 1 or awarded[k].get(lot.id) != awarded[start].get(lot.id):
                yield Stretch(lot.id, ends[start], ends[k], awarded[start].get(lot.id))
                start = k


def _crossings(evaluation: Evaluation, top: Fraction) -> Iterator[Fraction]:
    """Every weight at which two bids of a lot have the same total."""
    for lot in evaluation.case.lots:
        rows = evaluation.of_lot(lot.id)
        for place, one in enumerate(rows):
            for other in rows[place + 1 :]:
                slope = one.by_kind[Kind.credit] - other.by_kind[Kind.credit]
                if slope:
                    t = Fraction(other.without_credit - one.without_credit, slope)
                    if 0 < t < top:
                        yield t


class _Field:
    """The bids of a tender, made ready to be ranked and awarded at many weights."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.case = evaluation.case
        rule = self.case.tie_rule
        self.lots = [
            [
                (row.without_credit, row.by_kind[Kind.credit], tie_key(row, rule), row)
                for row in evaluation.of_lot(lot.id)
            ]
            for lot in self.case.lots
        ]

    def awards_at(self, t: Fraction) -> dict[str, str]:
        """Awards with credit points × t, ranks and ties worked out anew."""
        placed: list[tuple[Scored, int, int]] = []
        for rows in self.lots:
            moved = sorted((-own * t.denominator - credit * t.numerator, tie, row) for own, credit, tie, row in rows)
            placed += [(row, cost, rank) for rank, (cost, _, row) in enumerate(moved, start=1)]
        return dict(award_of(self.case, placed).awards)
