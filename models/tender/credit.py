"""Credit points of one bid: tier → points, consortiums by the policy's rule, neutral points for the unrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import polars as pl

from config.in_force import Policy
from config.pack import BidMethod, ConsortiumRule
from config.units import milli
from models.tender.amounts import rounded
from models.tender.bid_points import PointTable
from models.tender.case import Bid, TenderCase
from models.tender.point_rules import clause_of


@dataclass(frozen=True)
class Rated:
    """What a rating says about one enterprise."""

    tier: str
    score: int  # milli-points


@dataclass(frozen=True)
class FirmCredit:
    """One firm behind a bid: its tier (None: not rated), its points by criterion, and how they came about."""

    party: str
    tier: str | None
    score: int | None
    points: Mapping[str, int]
    basis: str  # tier | score | neutral | annual_and_live
    live_lost: int = 0  # milli-points lost to recent acts (annual_and_live)


@dataclass(frozen=True)
class BidCredit:
    """Credit points of a bid by criterion, the firms behind them, and the clause."""

    points: Mapping[str, int]
    firms: tuple[FirmCredit, ...]
    clause: str
    rule: str = "single"  # single | weakest | weighted

    @property
    def total(self) -> int:
        return sum(self.points.values())

    @property
    def tier(self) -> str | None:
        """Tier of a single bidder; of a consortium under `weakest` the one that decided; else None."""
        if self.rule == "weighted":
            return None
        return min(self.firms, key=lambda firm: (sum(firm.points.values()), firm.party)).tier


def rated_firms(case: TenderCase, ratings: pl.DataFrame) -> dict[str, Rated]:
    """Enterprise id → rating of every firm of the case that has one."""
    wanted = sorted({party.enterprise_id for party in case.parties.values() if party.enterprise_id})
    rows = ratings.filter(pl.col("enterprise_id").is_in(wanted) & pl.col("tier").is_not_null())
    return {row[0]: Rated(row[1], row[2]) for row in rows.select("enterprise_id", "tier", "score").iter_rows()}


def bid_credit(
    case: TenderCase,
    bid: Bid,
    rated: Mapping[str, Rated],
    table: PointTable,
    policy: Policy,
    live_lost: Mapping[str, int] | None = None,
) -> BidCredit:
    """Points of one bid. `live_lost`: milli-points lost to recent acts by enterprise (method annual_and_live)."""
    firms = tuple(
        firm_credit(case, member.party, rated, table, policy, live_lost or {})
        for member in sorted(bid.tenderers, key=lambda member: member.party)
    )
    clause = str(table.neutral_clause if all(firm.basis == "neutral" for firm in firms) else table.clause)
    if len(firms) == 1:
        return BidCredit(firms[0].points, firms, clause)
    clause = f"{clause}; {clause_of(policy, 'consortium')}"
    if policy.tender.bid.consortium is ConsortiumRule.weakest:
        weakest = min(firms, key=lambda firm: (sum(firm.points.values()), firm.party))
        return BidCredit(weakest.points, firms, clause, "weakest")
    share = {member.party: member.share or Fraction(0) for member in bid.tenderers}
    points = {
        name: rounded(sum((share[f.party] * f.points[name] for f in firms), Fraction(0)), milli(policy.tender.bid.step))
        for name in table.caps
    }
    return BidCredit(points, firms, clause, "weighted")


def firm_credit(
    case: TenderCase,
    party_id: str,
    rated: Mapping[str, Rated],
    table: PointTable,
    policy: Policy,
    live_lost: Mapping[str, int],
) -> FirmCredit:
    """Points of one firm; neutral where it has no rating (foreign, unknown, new)."""
    enterprise = case.party(party_id).enterprise_id
    found = rated.get(enterprise or "")
    if found is None:
        return FirmCredit(party_id, None, None, table.neutral, "neutral")
    if table.method is BidMethod.proportional:
        return FirmCredit(party_id, found.tier, found.score, proportional(found.score, table, policy), "score")
    points = {name: by_tier[found.tier] for name, by_tier in table.points.items()}
    plain = FirmCredit(party_id, found.tier, found.score, points, "tier")
    if table.method is not BidMethod.annual_and_live:
        return plain
    return with_live(plain, table, policy, live_lost.get(enterprise or "", 0))


def proportional(score: int, table: PointTable, policy: Policy) -> dict[str, int]:
    """weight × score / highest score, rounded to the step, within 0…weight."""
    share = max(Fraction(0), min(Fraction(1), Fraction(score, policy.scorecard.highest)))
    step = milli(policy.tender.bid.step)
    return {name: min(rounded(share * cap, step), cap) for name, cap in table.caps.items()}


def with_live(annual: FirmCredit, table: PointTable, policy: Policy, lost: int) -> FirmCredit:
    """Yearly tier points + what is left of the live part; the live part shrinks with the tender's weight too."""
    bid = policy.tender.bid
    share = Fraction(milli(bid.live_cap or 0), milli(bid.cap))
    left = max(Fraction(0), 1 - Fraction(lost, max(milli(bid.live_cap or 0), 1)))
    points = {
        name: min(annual.points[name] + rounded(share * cap * left, milli(bid.step)), cap)
        for name, cap in table.caps.items()
    }
    return replace(annual, points=points, basis="annual_and_live", live_lost=lost)
