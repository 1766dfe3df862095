"""Who must be refused, whatever the points: lists as they stood at bid opening, with source, query time, evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from config.in_force import Policy, Veto
from config.pack import Text
from models import records
from models.tender.case import Bid, Member, TenderCase


@dataclass(frozen=True)
class VetoHit:
    """One entry of a list that stands against one firm behind one bid."""

    bid: str
    lot: str
    party: str
    name: str
    role: str  # bidder | member | subcontractor
    veto: str
    title: Text
    clause: str
    source: str  # the agency that keeps the list
    reference: str
    from_date: date
    to_date: date | None  # last day of the exclusion; None while open
    queried_at: datetime
    evidence: str  # sha256 of the entry as it was read


def vetoes(
    case: TenderCase,
    bids: list[Bid] | tuple[Bid, ...],
    listings: pl.DataFrame,
    policy: Policy,
    *,
    opening: date,
    queried_at: datetime,
    decisions: pl.DataFrame | None = None,
) -> tuple[VetoHit, ...]:
    """Every hit, ordered by lot, bid, veto. Only entries in force on `opening` count: later ones change nothing.

    `listings`: models.records.LISTINGS. `decisions`: DECISIONS; a granted repair that names the entry's reference as
    record_id, decided on or before `opening`, lifts a veto whose policy admits self-cleaning.
    """
    cleaned = _cleaned(decisions, opening)
    entries = _entries(case, bids, listings)
    found = [hit for bid in bids for hit in _of_bid(case, bid, entries, policy, opening, queried_at, cleaned)]
    return tuple(sorted(found, key=lambda hit: (hit.lot, hit.bid, hit.veto, hit.party, hit.reference)))


def _entries(case: TenderCase, bids: list[Bid] | tuple[Bid, ...], listings: pl.DataFrame) -> dict[str, list[Any]]:
    firms = {case.party(member.party).enterprise_id for bid in bids for member in (*bid.tenderers, *bid.subcontractors)}
    wanted = listings.filter(pl.col("enterprise_id").is_in(sorted(firm for firm in firms if firm)))
    found: dict[str, list[Any]] = {}
    for row in wanted.sort(records.LISTINGS.names(), nulls_last=True).iter_rows(named=True):
        found.setdefault(row["enterprise_id"], []).append(row)
    return found


def _of_bid(
    case: TenderCase,
    bid: Bid,
    entries: dict[str, list[Any]],
    policy: Policy,
    opening: date,
    queried_at: datetime,
    cleaned: frozenset[tuple[str, str]],
) -> Iterator[VetoHit]:
    for member, role in _firms(bid):
        party = case.party(member.party)
        for entry in entries.get(party.enterprise_id or "", ()):
            for veto in policy.tender.vetoes.values():
                last = last_day(entry, veto, policy)
                if veto.list_id != entry["list_id"] or role not in veto.covers:
                    continue
                if entry["from_date"] > opening or (last is not None and last < opening):
                    continue
                if veto.self_cleaning and (entry["enterprise_id"], entry["reference"]) in cleaned:
                    continue
                yield VetoHit(
                    bid=bid.id,
                    lot=bid.lot,
                    party=party.id,
                    name=party.name,
                    role=role,
                    veto=veto.id,
                    title=veto.title,
                    clause=str(veto.clause),
                    source=entry["agency"] or "",
                    reference=entry["reference"] or "",
                    from_date=entry["from_date"],
                    to_date=last,
                    queried_at=queried_at,
                    evidence=evidence(entry),
                )


def last_day(entry: dict[str, Any], veto: Veto, policy: Policy) -> date | None:
    """Last day of the exclusion: the entry's own end, shortened by the veto's term; the list's term where the entry
    has no end; None while open."""
    ends = [entry["to_date"]] if entry["to_date"] else []
    listing = policy.lists.get(veto.list_id)
    terms = [veto.term_days, listing.effect.term_days if listing else None]
    term = next((days for days in terms if days is not None), None)
    if not ends and term is not None:
        ends.append(entry["from_date"] + timedelta(days=term - 1))
    elif veto.term_days is not None:
        ends.append(entry["from_date"] + timedelta(days=veto.term_days - 1))
    return min(ends, default=None)


def evidence(entry: dict[str, Any]) -> str:
    """sha256 over the entry's fields in the order of LISTINGS."""
    text = "\0".join("" if entry[name] is None else str(entry[name]) for name in records.LISTINGS.names())
    return hashlib.sha256(text.encode()).hexdigest()


def _firms(bid: Bid) -> Iterator[tuple[Member, str]]:
    role = "member" if len(bid.tenderers) > 1 else "bidder"
    for member in bid.tenderers:
        yield member, role
    for member in bid.subcontractors:
        yield member, "subcontractor"


def _cleaned(decisions: pl.DataFrame | None, opening: date) -> frozenset[tuple[str, str]]:
    """(enterprise, reference of the entry) with a repair granted on or before the day."""
    if decisions is None or decisions.is_empty():
        return frozenset()
    granted = decisions.filter(
        (pl.col("kind") == "repair") & (pl.col("outcome") == "granted") & (pl.col("decided_on") <= opening)
    )
    return frozenset((row[0], row[1]) for row in granted.select("enterprise_id", "record_id").iter_rows() if all(row))
