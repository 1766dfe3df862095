"""Teams of the day, by lottery: the linear model says how many of which classes, chance says who with whom."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from models.inspection import keyed, pairing
from models.inspection.crew import Crew, Ints
from models.inspection.hours import Hours
from models.inspection.supply import Floats

PULL_MOST = 8.0  # team-days behind a wish that count at most
FIXED = 1 << 60  # weight of a pair that has to stand


@dataclass(frozen=True)
class TeamDays:
    """One row per team and working day of a region; `other` is -1 in teams of one."""

    day: Ints
    kind: Ints  # index into Hours.kinds
    one: Ints  # inspectors (rows of the crew)
    other: Ints
    bits: float  # entropy of the lottery: log2 of the equally good ways to fill the teams


Team = tuple[int, int, int]  # kind, one, other


class Lottery:
    """Teams of every day of a region.

    worth: value of a team-day of each kind at the prices; wished: team-days of each kind over the period; pull: how
    strongly a kind behind its wish draws, where its worth draws with 64. Persons come in the order of their keyed
    number of the day, so that equals are put together by lottery.
    """

    def __init__(
        self, crew: Crew, hours: Hours, wished: Floats, worth: Ints, seed: bytes, days: list[str], pull: int = 8
    ) -> None:
        self.crew, self.hours, self.wished, self.worth, self.pull = crew, hours, wished, worth, pull
        self.kind_of = _kind_table(hours)
        self.class_of = np.full(len(crew.ids), -1, dtype=np.int64)
        for index, group in enumerate(hours.members):
            self.class_of[group] = index
        people = np.sort(np.concatenate(hours.members)) if hours.members else np.zeros(0, np.int64)
        self.here = [_lot(crew, people[crew.there[people, day]], seed, name) for day, name in enumerate(days)]
        self.fixed: list[list[tuple[int, int]]] = [[] for _ in days]
        self.teams: list[list[Team]] = []
        formed = np.zeros(len(hours.kinds))
        for day in range(len(days)):
            self.teams.append(self.draw(day, wished * ((day + 1) / len(days)) - formed))
            formed += self.counts(day)

    def counts(self, day: int) -> Ints:
        """Teams of each kind on the day."""
        return np.bincount([kind for kind, _, _ in self.teams[day]], minlength=len(self.hours.kinds))

    def draw(self, day: int, behind: Floats) -> list[Team]:
        """Kinds furthest behind first, then exchanges that raise the day's worth; fixed pairs stay together."""
        here = self.here[day]
        if not self.hours.kinds:
            return []
        kinds = self.kind_of[np.ix_(self.class_of[here], self.class_of[here])]
        if self.hours.team_size == 1:
            return [(int(k), int(p), -1) for k, p in zip(np.diagonal(kinds), here, strict=True) if k >= 0]
        np.fill_diagonal(kinds, -1)
        pull = np.rint(np.clip(behind, -1.0, PULL_MOST) * (int(self.worth.max(initial=0)) + 1000) * self.pull).astype(
            np.int64
        )
        weight = np.where(kinds >= 0, np.maximum(1, self.worth[kinds] * 64 + pull[kinds]), 0)
        place = {int(person): at for at, person in enumerate(here)}
        for one, other in self.fixed[day]:
            weight[place[one], place[other]] = weight[place[other], place[one]] = FIXED
        mate = _first_pairs(weight, np.where(weight == FIXED, np.inf, np.where(kinds >= 0, behind[kinds], -1.0)))
        pairing.improve_pairs(weight, mate)
        found = [(int(kinds[a, b]), int(here[a]), int(here[b])) for a, b in enumerate(mate) if b > a]
        return [(kind, min(one, other), max(one, other)) for kind, one, other in found]

    def fix(self, day: int, one: int, other: int) -> None:
        """Holds the day's lottery again with these two as a team."""
        self.fixed[day].append((one, other))
        self.teams[day] = self.draw(day, self.wished - sum(self.counts(at) for at in range(len(self.teams))))

    def can_meet(self, day: int, one: int, other: int) -> bool:
        """Both there, neither already in another fixed pair, and of a kind that may visit somebody."""
        here = set(self.here[day].tolist())
        second = self.class_of[other if other >= 0 else one]
        free = not self.is_fixed(day, one) and not (other >= 0 and self.is_fixed(day, other))
        return free and {one, other} - {-1} <= here and self.kind_of[self.class_of[one], second] >= 0

    def is_fixed(self, day: int, person: int) -> bool:
        return any(person in pair for pair in self.fixed[day])

    def result(self) -> TeamDays:
        """All days as a table, with the entropy."""
        rows = [(day, *team) for day, teams in enumerate(self.teams) for team in teams]
        table = np.array(rows, dtype=np.int64).reshape(-1, 4)
        bits = sum(
            _bits(
                self.hours,
                self.counts(day),
                np.bincount(self.class_of[here], minlength=len(self.hours.members)).tolist(),
            )
            for day, here in enumerate(self.here)
        )
        return TeamDays(table[:, 0], table[:, 1], table[:, 2], table[:, 3], bits)


def _kind_table(hours: Hours) -> Ints:
    """(classes, classes) → kind or -1."""
    table = np.full((len(hours.members), len(hours.members)), -1, dtype=np.int64)
    for index, kind in enumerate(hours.kinds):
        second = kind.second if kind.second >= 0 else kind.first
        table[kind.first, second] = table[second, kind.first] = index
    return table


def _lot(crew: Crew, here: Ints, seed: bytes, day: str) -> Ints:
    """Those who are there, shuffled by their keyed number of the day."""
    names = [crew.ids[person] for person in here]
    order = np.lexsort((here, keyed.numbers(seed, [f"team|{day}|{name}" for name in names])))
    return np.asarray(here[order], dtype=np.int64)


def _first_pairs(weight: Ints, behind: Floats) -> Ints:
    """Greedy: the pairs furthest behind, in the order of the lot among equals."""
    mate = np.full(len(weight), -1, dtype=np.int64)
    ones, others = np.nonzero(np.triu(weight > 0, 1) & (behind > 0))

    for at in np.lexsort((others, ones, -behind[ones, others])):
        a, b = ones[at], others[at]
        if mate[a] < 0 and mate[b] < 0:
            mate[a], mate[b] = b, a
    return mate


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
