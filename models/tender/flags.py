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
    found: list[Flag] = []
    for lot in case.lots:
        here = sorted((bid for bid in bids if bid.lot == lot.id), key=lambda bid: bid.id)
        found += [*_representatives(case, here, people), *_prices(here), *_subcontractors(here)]
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


def _representatives(case: TenderCase, bids: Sequence[Bid], people: dict[str, set[tuple[str, str]]]) -> Iterator[Flag]:
    """The same person in office behind two bids; the person's key goes no further than here."""
    behind: dict[str, list[tuple[Bid, str]]] = {}
    for bid in bids:
        for member in bid.tenderers:
            for person, role in people.get(member.party, ()):
                behind.setdefault(person, []).append((bid, f"{case.party(member.party).name} ({role})"))
    seen = {
        (one, other, f"{name} – {same}")
        for places in behind.values()
        for (first, name), (second, same) in combinations(sorted(places, key=lambda p: (p[0].id, p[1])), 2)
        for one, other in [(first.id, second.id)]
        if one != other
    }
    for one, other, names in sorted(seen):
        yield Flag(bids[0].lot, one, other, "same_representative", names)


def _prices(bids: Sequence[Bid]) -> Iterator[Flag]:
    by_price: dict[int, list[Bid]] = {}
    for bid in bids:
        if bid.price is not None:
            by_price.setdefault(bid.price, []).append(bid)
    for group in by_price.values():
        for one, other in combinations(group, 2):
            yield Flag(one.lot, one.id, other.id, "same_price", "")


def _subcontractors(bids: Sequence[Bid]) -> Iterator[Flag]:
    tenderers: dict[str, list[Bid]] = {}
    for bid in bids:
        for member in bid.tenderers:
            tenderers.setdefault(member.party, []).append(bid)
    for bid in bids:
        for member in bid.subcontractors:
            for other in tenderers.get(member.party, ()):
                if other is not bid:
                    one, two = sorted((bid.id, other.id))
                    yield Flag(bid.lot, one, two, "bidder_and_subcontractor", member.party)
