"""Notes for the officer, never penalties: bids in one lot that may not be independent of each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import polars as pl

from models.tender.case import Bid, TenderCase


@dataclass(frozen=True)
class Flag:
    """Two bids of one lot and what they share. Persons are not named: the role and the firms suffice to look."""

    lot: str
    first: str
    second: str
    kind: str  # same_representative | same_price | bidder_and_subcontractor
    detail: str


def flags(case: TenderCase, bids: Sequence[Bid], links: pl.DataFrame | None, opening: date) -> tuple[Flag, ...]:
    """Every flag, ordered by lot and bids. `links`: models.records.LINKS; only terms in force on `opening` count."""
    people = _people(case, bids, links, opening)
    found = [
        flag
        for lot in case.lots
        for one, other in combinations(sorted((b for b in bids if b.lot == lot.id), key=lambda b: b.id), 2)
        for flag in (*_representative(case, one, other, people), *_price(one, other), *_subcontractor(one, other))
    ]
    return tuple(sorted(found, key=lambda flag: (flag.lot, flag.first, flag.second, flag.kind, flag.detail)))


def _people(
    case: TenderCase, bids: Sequence[Bid], links: pl.DataFrame | None, opening: date
) -> dict[str, set[tuple[str, str]]]:
    """Party → (person key, role) in force on the day."""
    firms = {member.party: case.party(member.party).enterprise_id for bid in bids for member in bid.tenderers}
    if links is None or not any(firms.values()):
        return {}
    day = pl.lit(opening)
    rows = links.filter(
        pl.col("enterprise_id").is_in(sorted({firm for firm in firms.values() if firm}))
        & (pl.col("from_date").is_null() | (pl.col("from_date") <= day))
        & (pl.col("to_date").is_null() | (pl.col("to_date") >= day))
    )
    by_firm: dict[str, set[tuple[str, str]]] = {}
    for person, firm, role in rows.select("person_key", "enterprise_id", "role").iter_rows():
        by_firm.setdefault(firm, set()).add((person, role))
    return {party: by_firm[firm] for party, firm in firms.items() if firm in by_firm}


def _representative(case: TenderCase, one: Bid, other: Bid, people: dict[str, set[tuple[str, str]]]) -> Iterator[Flag]:
    seen = set()
    for a in one.tenderers:
        for b in other.tenderers:
            for person, role in people.get(a.party, ()):
                for same, role_there in people.get(b.party, ()):
                    if same == person:
                        names = f"{case.party(a.party).name} ({role}) – {case.party(b.party).name} ({role_there})"
                        seen.add(names)
    for names in sorted(seen):
        yield Flag(one.lot, one.id, other.id, "same_representative", names)


def _price(one: Bid, other: Bid) -> Iterator[Flag]:
    if one.price is not None and one.price == other.price:
        yield Flag(one.lot, one.id, other.id, "same_price", "")


def _subcontractor(one: Bid, other: Bid) -> Iterator[Flag]:
    for bidder, contractor in ((one, other), (other, one)):
        shared = {m.party for m in bidder.tenderers} & {m.party for m in contractor.subcontractors}
        for party in sorted(shared):
            yield Flag(one.lot, one.id, other.id, "bidder_and_subcontractor", party)
