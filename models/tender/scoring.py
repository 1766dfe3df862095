"""Points of the bids of one lot: price formula, judges, credit; order by total with ties by rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from models.tender.amounts import rounded
from models.tender.case import Bid, Criterion, Kind, TenderCase
from models.tender.credit import BidCredit
from models.tender.draw import draw_number
from models.tender.price import benchmark, price_points, trimmed_mean
from models.tender.problems import firm_key


@dataclass(frozen=True)
class Scored:
    """One bid that takes part: milli-points by criterion, total, rank in its lot (1 = best)."""

    bid: str
    lot: str
    bidder: str
    name: str
    price: int | None  # minor units
    points: Mapping[str, int]
    by_kind: Mapping[Kind, int]
    total: int
    credit: BidCredit
    firms: tuple[str, ...]  # what makes the bidder one firm or group, whatever the file calls it
    draw: int
    rank: int = 0

    @property
    def without_credit(self) -> int:
        """Total without the credit criteria."""
        return self.total - self.by_kind[Kind.credit]


def judged_points(bid: Bid, criterion: Criterion) -> int:
    """Mean of the judges' scores, without the highest and the lowest where the documents say so; half up."""
    scores = [score.points for score in bid.scores if score.criterion == criterion.id]
    return rounded(trimmed_mean(scores, criterion.trim_judges_from)) if scores else 0


def score_lot(case: TenderCase, bids: Sequence[Bid], credit: Mapping[str, BidCredit], seed: bytes) -> list[Scored]:
    """The bids of one lot scored and ranked, best first. The order of `bids` does not matter."""
    if not bids:
        return []
    lot = case.lot(bids[0].lot)
    prices = {bid.id: bid.price for bid in bids if bid.price is not None}
    price = {
        c.id: price_points(prices, c.weight, c.price, lot.ceiling)
        for c in case.of_kind(Kind.price)
        if c.price is not None
    }
    scored = [_scored(case, bid, price, credit[bid.id], seed) for bid in bids]
    return ranked(scored, case.tie_rule)


def _scored(
    case: TenderCase, bid: Bid, price: Mapping[str, Mapping[str, int]], credit: BidCredit, seed: bytes
) -> Scored:
    points: dict[str, int] = {}
    by_kind = dict.fromkeys(Kind, 0)
    for criterion in case.criteria:
        if criterion.kind is Kind.price:
            found = price.get(criterion.id, {}).get(bid.id, 0)
        elif criterion.kind is Kind.credit:
            found = credit.points.get(criterion.id, 0)
        else:
            found = judged_points(bid, criterion)
        points[criterion.id] = found
        by_kind[criterion.kind] += found
    firms = tuple(sorted({firm_key(case, member.party) for member in bid.tenderers}))
    return Scored(
        bid=bid.id,
        lot=bid.lot,
        bidder=bid.bidder,
        name=case.bidder_name(bid),
        price=bid.price,
        points=points,
        by_kind=by_kind,
        total=sum(points.values()),
        credit=credit,
        firms=firms,
        draw=draw_number(seed, case.ocid, bid.lot, *firms),
    )


KEYS: dict[str, Callable[[Scored], int]] = {
    "price": lambda row: row.price or 0,
    "technical": lambda row: -row.by_kind[Kind.technical],
    "business": lambda row: -row.by_kind[Kind.business],
    "credit": lambda row: -row.by_kind[Kind.credit],
    "draw": lambda row: row.draw,
}
"""Tie rules: what is smaller comes first."""


def tie_key(row: Scored, tie_rule: Sequence[str]) -> tuple[int | str, ...]:
    """What decides between equal totals; smaller is better, never equal between two bidders."""
    return (*(KEYS[name](row) for name in tie_rule), row.draw, row.bidder)


def ranked(rows: Sequence[Scored], tie_rule: Sequence[str]) -> list[Scored]:
    """By total, then by the tie rule, then by draw; ranks 1, 2, 3 …"""
    in_order = sorted(rows, key=lambda row: (-row.total, *tie_key(row, tie_rule)))
    return [replace(row, rank=place) for place, row in enumerate(in_order, start=1)]


def benchmarks(case: TenderCase, bids: Sequence[Bid]) -> dict[str, Fraction]:
    """Lot → benchmark price in minor units, over the bids that take part."""
    rule = next((criterion.price for criterion in case.of_kind(Kind.price)), None)
    prices: dict[str, list[int]] = {}
    for bid in bids:
        if bid.price is not None:
            prices.setdefault(bid.lot, []).append(bid.price)
    if rule is None:
        return {}
    return {lot.id: benchmark(prices[lot.id], rule, lot.ceiling) for lot in case.lots if lot.id in prices}
