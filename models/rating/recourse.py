"""What would move an enterprise up a tier: the shortest list of things its own action can bring about.

A thing is one act repaired, one act corrected whose term ends with the correction, or one list left. The search
is exact: for each number of things it keeps every combination that no other one beats in points and in what the
gates count, and asks the same engine that rates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from config.in_force import Policy
from config.pack import ListKind
from models.rating.account import RecordLine
from models.rating.case import Case, Thing, ranks_after
from models.rating.combinations import combinations
from models.rating.engine import Inputs
from models.redress.status import Status


@dataclass(frozen=True)
class Recourse:
    """Things that together move the enterprise to `tier`; possible from the latest of their days."""

    things: tuple[Thing, ...]
    tier: str
    possible_from: date
    proven_shortest: bool


def things(lines: Sequence[RecordLine], listings: pl.DataFrame, inputs: Inputs, policy: Policy) -> Iterator[Thing]:
    """Everything the enterprise can bring about. listings: list_id, from_date, last_on of those in force."""
    dimensions = {name: place for place, name in enumerate(inputs.rubric.dimensions)}
    needs = policy.redress.repair_needs
    for line in lines:
        if line.status is not Status.counts or line.item is None or line.points > 0:
            continue
        place = dimensions[line.item.dimension]
        if line.until_corrected and line.corrected_on is None:
            yield Thing(
                "correct", line.record_id, policy.as_of, (), line.item.display_clause, line.row, line.points, place
            )
        elif line.open_for_repair_on is not None:
            left = tuple(need for need in needs if need != "corrected" or line.corrected_on is None)
            opens = max(line.open_for_repair_on, policy.as_of)
            yield Thing("repair", line.record_id, opens, left, line.item.display_clause, line.row, line.points, place)
    for name, from_date in listings.group_by("list_id").agg(pl.col("from_date").max()).sort("list_id").iter_rows():
        listing = policy.lists[name]
        early, term = listing.effect.early_removal_days, listing.effect.term_days
        if listing.kind is ListKind.red or (early is None and term is not None):
            continue
        opens = policy.as_of if early is None or from_date is None else from_date + timedelta(days=early)
        yield Thing("leave_list", name, max(opens, policy.as_of), (), listing.clause, -1, 0, -1)


def shortest(case: Case, every: Sequence[Thing], policy: Policy) -> Recourse | None:
    """The shortest list among what is possible now, else among all; None where nothing would help."""
    now = [thing for thing in every if thing.possible_from <= policy.as_of]
    return _shortest(case, now, policy) or _shortest(case, list(every), policy)


def _shortest(case: Case, every: list[Thing], policy: Policy) -> Recourse | None:
    everything = tuple(range(len(every)))
    if not every or ranks_after(case, every, [everything])[0] >= case.rank:
        return None
    proven, limit = True, 4
    while True:
        by_number, cut = combinations(case, every, limit)
        proven &= not cut
        for number in sorted(by_number):
            labels = sorted(by_number[number], key=lambda label: (-label.gain, label.chosen))
            ranks = ranks_after(case, every, [label.chosen for label in labels])
            hits = np.flatnonzero(ranks < case.rank)
            if hits.size:
                best = int(hits[np.argmin(ranks[hits])])
                return _recourse([every[i] for i in labels[best].chosen], int(ranks[best]), policy, proven)
        if limit >= len(every):
            ranks = ranks_after(case, every, [everything])
            return _recourse(every, int(ranks[0]), policy, False)
        limit = min(limit * 4, len(every))


def _recourse(chosen: list[Thing], rank: int, policy: Policy, proven: bool) -> Recourse:
    ordered = sorted(chosen, key=lambda thing: (thing.possible_from, thing.points, thing.id))
    day = max(thing.possible_from for thing in ordered)
    return Recourse(tuple(ordered), policy.tiers[rank].id, day, proven)
