"""What would move an enterprise up a tier: the shortest list of things its own action can bring about.

A thing is one act repaired, one act put right whose term ends with the correction, or one list left. The search
is exact: for each number of things it keeps every combination that no other one beats in points and in what the
gates count, and asks the same engine that rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from config.in_force import Policy
from models.rating.case import Case, ranks_after
from models.rating.combinations import combinations, unbounded
from models.rating.ways import Thing, Way


@dataclass(frozen=True)
class Recourse:
    """Things that together move the enterprise to `tier`; possible from the latest of their days."""

    things: tuple[Thing, ...]
    tier: str
    possible_from: date
    proven_shortest: bool


def shortest(case: Case, every: Sequence[Way], policy: Policy) -> Recourse | None:
    """The shortest list among what is possible now, else among all; None where nothing would help."""
    now = [way for way in every if way.possible_from <= policy.as_of]
    return _shortest(case, now, policy) or _shortest(case, list(every), policy)


def _shortest(case: Case, found: list[Way], policy: Policy) -> Recourse | None:
    every = _shortest_each(found)
    most = sum(max((len(way.things) for way in group), default=0) for group in _by_act(every).values())
    if not every or (not unbounded(case, every) and not _helps(case, every)):
        return None
    proven, limit = True, min(4, most)
    while True:
        by_number, cut = combinations(case, every, limit)
        proven &= not cut
        for number in sorted(by_number):
            labels = sorted(by_number[number], key=lambda label: (-label.total, label.chosen))
            ranks = ranks_after(case, every, [label.chosen for label in labels])
            hits = np.flatnonzero(ranks < case.rank)
            if hits.size:
                best = int(hits[np.argmin(ranks[hits])])
                return _recourse([every[i] for i in labels[best].chosen], int(ranks[best]), policy, proven)
        if limit >= most:
            return None if proven else _everything(case, every, policy)
        limit = min(limit * 4, most)


def _shortest_each(found: Sequence[Way]) -> list[Way]:
    """Of the ways with the same outcome for an act only the shortest, then the earliest."""
    best: dict[tuple[int, str], Way] = {}
    for way in sorted(found, key=lambda way: (len(way.things), way.possible_from)):
        best.setdefault((way.act, repr(way.heir)), way)
    return sorted(best.values(), key=lambda way: (way.act, len(way.things)))


def _by_act(every: Sequence[Way]) -> dict[int, list[Way]]:
    groups: dict[int, list[Way]] = {}
    for way in every:
        groups.setdefault(way.act, []).append(way)
    return groups


def _most(every: Sequence[Way]) -> tuple[int, ...]:
    """Of each act the way that takes the most off."""
    places = {id(way): place for place, way in enumerate(every)}
    return tuple(
        places[id(max(group, key=lambda way: (way.heir is None, sum(way.gains))))] for group in _by_act(every).values()
    )


def _helps(case: Case, every: Sequence[Way]) -> bool:
    return bool(ranks_after(case, every, [_most(every)])[0] < case.rank)


def _everything(case: Case, every: Sequence[Way], policy: Policy) -> Recourse | None:
    chosen = _most(every)
    rank = int(ranks_after(case, every, [chosen])[0])
    return _recourse([every[i] for i in chosen], rank, policy, False) if rank < case.rank else None


def _recourse(chosen: list[Way], rank: int, policy: Policy, proven: bool) -> Recourse:
    told = [(thing.possible_from, sum(-gain for gain in way.gains), thing.id, thing) for way in chosen
            for thing in way.things]  # fmt: skip
    ordered = tuple(thing for *_, thing in sorted(told, key=lambda each: each[:3]))
    return Recourse(ordered, policy.tiers[rank].id, max(thing.possible_from for thing in ordered), proven)
