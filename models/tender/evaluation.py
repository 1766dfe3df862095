"""One tender evaluated: who is set aside, who is vetoed, every point with its clause, ranks, proposed awards.

It proposes; an officer decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

import polars as pl

from config.errors import InputError
from config.in_force import Policy
from config.pack import BidMethod
from models import records as nouns
from models.tender.bid_points import PointTable, points_by_tier
from models.tender.case import Bid, TenderCase
from models.tender.credit import BidCredit, bid_credit, rated_firms
from models.tender.flags import Flag, flags
from models.tender.live import live_lost
from models.tender.lots import Assignment, Offer, assign, in_lot_order
from models.tender.plain import bids_frame, evaluation_dict
from models.tender.population import population
from models.tender.problems import LIVE, refuse_problems
from models.tender.scoring import Scored, benchmarks, score_lot
from models.tender.veto import VetoHit, vetoes


@dataclass(frozen=True)
class SetAside:
    """A bid that takes no part, and why, with its place in the file."""

    bid: str
    lot: str
    name: str
    reason: str  # withdrawn | disqualified | invited | veto
    path: str


@dataclass(frozen=True)
class Evaluation:
    """`rows`: bids that take part, by lot (order of the documents) and rank. `awards`: lot → bid, proposed."""

    case: TenderCase
    opening: date
    rated_on: date  # the policy's day, on which the ratings stand; after `opening` they are not frozen
    pack: str
    policy_digest: str
    table: PointTable
    rows: tuple[Scored, ...]
    set_aside: tuple[SetAside, ...]
    vetoes: tuple[VetoHit, ...]
    veto_queried_at: datetime | None  # None: no lists were at hand, nobody was checked
    assignment: Assignment
    benchmarks: Mapping[str, Fraction]
    flags: tuple[Flag, ...] = ()

    @property
    def tender_id(self) -> str:
        return self.case.id

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return evaluation_dict(self)

    def bids(self) -> pl.DataFrame:
        """models.tender.plain.BIDS: one row per bid, also those set aside."""
        return bids_frame(self)

    @property
    def awards(self) -> Mapping[str, str]:
        return self.assignment.awards

    def of_lot(self, lot: str) -> list[Scored]:
        """Rows of a lot, best first."""
        return self._by_lot.get(lot, [])

    @cached_property
    def _by_lot(self) -> dict[str, list[Scored]]:
        found: dict[str, list[Scored]] = {}
        for row in self.rows:
            found.setdefault(row.lot, []).append(row)
        return found

    def winner(self, lot: str) -> Scored | None:
        """The row the lot is proposed to."""
        return next((row for row in self.of_lot(lot) if row.bid == self.awards.get(lot)), None)


def evaluate(
    case: TenderCase,
    ratings: pl.DataFrame,
    policy: Policy,
    *,
    listings: pl.DataFrame | None = None,
    enterprises: pl.DataFrame | None = None,
    decisions: pl.DataFrame | None = None,
    links: pl.DataFrame | None = None,
    records: pl.DataFrame | None = None,
    queried_at: datetime | None = None,
    seed: bytes = b"",
    table: PointTable | None = None,
) -> Evaluation:
    """Evaluate a tender as of its bid opening (the policy's day where the file names none).

    Frames follow models.records; `ratings` is also the bidder population. Raises InputError for every problem of the
    file, PolicyError where the rules for points contradict each other.
    """
    refuse_problems(case, policy)
    opening = case.opening.date() if case.opening else policy.as_of
    live = [bid for bid in case.bids if bid.status in LIVE]
    asked_at: datetime | None = None
    hits: tuple[VetoHit, ...] = ()
    if listings is not None:
        asked_at = queried_at or case.opening or datetime.combine(policy.as_of, datetime.min.time())
        hits = vetoes(case, live, listings, policy, opening=opening, queried_at=asked_at, decisions=decisions)
    refused = {(hit.lot, hit.bid) for hit in hits}
    kept = [bid for bid in live if (bid.lot, bid.id) not in refused]
    used = table or points_by_tier(policy, population(ratings, policy, enterprises), case)
    credit = _credit(case, kept, ratings, used, policy, records, opening)
    by_lot: dict[str, list[Bid]] = {}
    for bid in kept:
        by_lot.setdefault(bid.lot, []).append(bid)
    rows = [row for lot in case.lots for row in score_lot(case, by_lot.get(lot.id, []), credit, seed)]
    return Evaluation(
        case=case,
        opening=opening,
        rated_on=policy.as_of,
        pack=policy.pack,
        policy_digest=policy.digest,
        table=used,
        rows=tuple(rows),
        set_aside=_set_aside(case, refused),
        vetoes=hits,
        veto_queried_at=asked_at,
        assignment=award(case, rows),
        benchmarks=benchmarks(case, kept),
        flags=flags(case, kept, links, opening),
    )


def _credit(
    case: TenderCase,
    bids: Sequence[Bid],
    ratings: pl.DataFrame,
    table: PointTable,
    policy: Policy,
    records: pl.DataFrame | None,
    opening: date,
) -> dict[str, BidCredit]:
    lost: dict[str, int] = {}
    if table.method is BidMethod.annual_and_live:
        if records is None:
            raise InputError(
                "points of recent acts are asked for, but no records were given.",
                rule="annual_and_live",
                remedy="give the records, or use a pack with another method",
            )
        lost = live_lost(records.select(nouns.RECORDS.names()), policy, opening)
    rated = rated_firms(case, ratings)
    return {bid.id: bid_credit(case, bid, rated, table, policy, lost) for bid in bids}


def award(case: TenderCase, rows: Sequence[Scored]) -> Assignment:
    """Proposed awards of ranked rows under the limit of lots, by the tender's rule."""
    return award_of(case, [(row, -row.total, row.rank) for row in rows])


def award_of(case: TenderCase, placed: Iterable[tuple[Scored, int, int]]) -> Assignment:
    """As `award`, from (row, what is minimised under the rule `points`, rank in the lot)."""
    by_price = case.lot_rule == "price"
    offers = [
        Offer(row.bid, row.lot, row.firms, (row.price or 0) if by_price else cost, rank, row.draw)
        for row, cost, rank in placed
    ]
    if case.lot_rule == "lot_order":
        return in_lot_order(offers, [lot.id for lot in case.lots], case.max_lots_per_bidder)
    return assign(offers, case.max_lots_per_bidder)


def _set_aside(case: TenderCase, refused: set[tuple[str, str]]) -> tuple[SetAside, ...]:
    found = []
    for bid in case.bids:
        reason = "veto" if (bid.lot, bid.id) in refused else None if bid.status in LIVE else str(bid.status)
        if reason is not None:
            found.append(SetAside(bid.id, bid.lot, case.bidder_name(bid), reason, bid.path))
    order = {lot.id: place for place, lot in enumerate(case.lots)}
    return tuple(sorted(found, key=lambda row: (order.get(row.lot, len(order)), row.bid)))
