"""Teams of the day, by lottery: the linear model says how many of which classes, chance says who with whom."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from models.inspection import keyed
from models.inspection.crew import Crew, Ints
from models.inspection.hours import Hours
from models.inspection.supply import Floats


@dataclass(frozen=True)
class TeamDays:
    """One row per team and working day of a region; `other` is -1 in teams of one."""

    day: Ints
    kind: Ints  # index into Hours.kinds
    one: Ints  # inspectors (rows of the crew)
    other: Ints
    bits: float  # entropy of the lottery: log2 of the equally good ways to fill the teams


def form_teams(crew: Crew, hours: Hours, wished: Floats, worth: Floats, seed: bytes, days: list[str]) -> TeamDays:
    """Day by day: kinds furthest behind their wished team-days first, then the worthiest that can still be formed;
    persons of a class in the order of their keyed number of that day."""
    rows: list[tuple[int, int, int, int]] = []
    bits = 0.0
    formed = np.zeros(len(hours.kinds))
    rank = np.lexsort((np.arange(len(hours.kinds)), -worth))
    for day in range(crew.days):
        queues = [_lot(crew, group, day, seed, days[day]) for group in hours.members]
        left = np.array([len(queue) for queue in queues])
        counts = _kinds_of_day(hours, wished * ((day + 1) / crew.days) - formed, left, rank)
        formed += counts
        bits += _bits(hours, counts, [len(queue) for queue in queues])
        for index in np.flatnonzero(counts):
            kind = hours.kinds[index]
            for _ in range(int(counts[index])):
                one = queues[kind.first].pop()
                other = queues[kind.second].pop() if kind.second >= 0 else -1
                rows.append(
                    (day, int(index), min(one, other) if other >= 0 else one, max(one, other) if other >= 0 else -1)
                )
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return TeamDays(table[:, 0], table[:, 1], table[:, 2], table[:, 3], bits)


def _lot(crew: Crew, group: Ints, day: int, seed: bytes, name: str) -> list[int]:
    """Those of the class who are there, shuffled by their keyed number."""
    here = [int(person) for person in group if crew.there[person, day]]
    return sorted(here, key=lambda person: (keyed.number(seed, f"team|{name}|{crew.ids[person]}"), crew.ids[person]))


def _kinds_of_day(hours: Hours, behind: Floats, left: Ints, rank: Ints) -> Ints:
    """How many teams of each kind today."""
    counts = np.zeros(len(hours.kinds), dtype=np.int64)
    order = sorted(np.flatnonzero(behind > 1e-9), key=lambda index: (-behind[index], index))
    while order:
        again = []
        for index in order:
            if behind[index] > 1e-9 and _take(hours, int(index), left):
                counts[index] += 1
                behind[index] -= 1
                again.append(index)
        order = sorted((i for i in again if behind[i] > 1e-9), key=lambda i: (-behind[i], i))
    for index in rank:
        while _take(hours, int(index), left):
            counts[index] += 1
    return counts


def _take(hours: Hours, index: int, left: Ints) -> bool:
    """One team of this kind from those left; False when somebody is missing."""
    kind = hours.kinds[index]
    if kind.second < 0:
        if left[kind.first] < 1:
            return False
        left[kind.first] -= 1
        return True
    if kind.first == kind.second:
        if left[kind.first] < 2:
            return False
    elif left[kind.first] < 1 or left[kind.second] < 1:
        return False
    left[kind.first] -= 1
    left[kind.second] -= 1
    return True


def _bits(hours: Hours, counts: Ints, there: list[int]) -> float:
    """log2 of the number of ways to put persons into the day's teams, each as likely as the others."""
    ways = sum(lgamma(n + 1) for n in there)
    used = [0] * len(there)
    for index in np.flatnonzero(counts):
        kind, count = hours.kinds[index], int(counts[index])
        used[kind.first] += count
        ways -= lgamma(count + 1)
        if kind.second == kind.first:
            ways -= count * log(2)
        if kind.second >= 0:
            used[kind.second] += count
    ways -= sum(lgamma(n - u + 1) for n, u in zip(there, used, strict=True))
    return max(0.0, ways / log(2))
