"""Strict order of tiers inside the hours: what is called of a worse tier does not lack hours that a visit by risk to a
better tier uses.

Quotas are strict already (models/inspection/quota.py serves the tiers one after the other, worst first); in the roster
weights let two short visits to a better tier outweigh a long one to a worse. Where the policy says `strict_tiers` this
pass ends it: a drawn visit, or one by risk while its tier's quota by risk is not full, takes the place of visits by
risk to better tiers (one that is drawn also of its own) in one team-day. Drawn visits never give way: their draw is
published. Without the policy's word a called visit only takes room that is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import polars as pl

from models.inspection.crew import Bools, Ints
from models.inspection.problem import Problem, Solution
from models.inspection.solve import objective_of

Team = tuple[int, int, int]  # day, one, other
MOST = 4  # visits that may give way to one


def worst_first(
    problem: Problem, firms: pl.DataFrame, solution: Solution, ranks: Mapping[str, int], *, strict: bool
) -> Solution:
    """The solution in which no team-day could still take a called visit as it is or, if `strict`, were visits by risk
    to better tiers to give way. `ranks`: tier → rank, worst highest. What gave way is left out for hours."""
    rank = firms["tier"].replace_strict(dict(ranks), default=-1, return_dtype=pl.Int64).to_numpy()
    layer = firms["layer"].to_numpy()
    seats = _Seats(problem, solution, (layer == "directed") & strict, layer == "random", rank)
    single = firms.select(pl.len().over("enterprise_id") == 1).to_series().to_numpy()
    missing = np.flatnonzero((solution.day < 0) & single & np.isin(layer, ("random", "directed")))
    names = np.array(problem.ids)[missing]
    turn = np.lexsort((names, -problem.value[missing], layer[missing] != "random", -rank[missing]))
    for at in missing[turn].tolist():
        if layer[at] == "random" or seats.wanted(at):
            seats.make_room(at)
    return seats.solution() if seats.changed else solution


@dataclass
class _Seats:
    """Who sits where; changed visit by visit."""

    problem: Problem
    given: Solution
    by_risk: Bools
    drawn: Bools
    rank: Ints

    def __post_init__(self) -> None:
        teams = np.unique(np.concatenate([self._seated(), self.given.teams]), axis=0)
        self.members: dict[Team, list[int]] = {(int(d), int(a), int(b)): [] for d, a, b in teams}
        self.place: dict[int, Team] = {}
        for at in np.flatnonzero(self.given.day >= 0).tolist():
            self._seat(at, (int(self.given.day[at]), int(self.given.one[at]), int(self.given.other[at])))
        self.done = np.bincount(self.problem.group[list(self.place)], minlength=len(self.problem.target))
        self.able: dict[tuple[int, int], list[Team]] = {}
        self.changed = False

    def _seated(self) -> Ints:
        found = np.stack([self.given.day, self.given.one, self.given.other], axis=1)
        return np.asarray(found[self.given.day >= 0], dtype=np.int64)

    def _seat(self, at: int, team: Team) -> None:
        self.members[team].append(at)
        self.place[at] = team

    def wanted(self, at: int) -> bool:
        """The quota of its group is not full."""
        return bool(self.done[self.problem.group[at]] < self.problem.target[self.problem.group[at]])

    def make_room(self, at: int) -> None:
        """Seats the visit where the least has to give way; nothing happens where nothing helps."""
        options = [(cost, team, out) for team in self._teams(at) for cost, out in self._room(at, team)]
        if not options:
            return
        _, team, out = min(options)
        for gone in out:
            self.members[team].remove(gone)
            del self.place[gone]
            self.done[self.problem.group[gone]] -= 1
        self._seat(at, team)
        self.done[self.problem.group[at]] += 1
        self.changed = True

    def _teams(self, at: int) -> Iterator[Team]:
        """Team-days able to go, in the visit's window, without a clash."""
        problem, crew = self.problem, self.problem.crew
        cell = (int(problem.district[at]), int(problem.skill[at]))
        if cell not in self.able:
            good = crew.districts[:, cell[0]] & crew.skills[:, cell[1]]
            self.able[cell] = [t for t in sorted(self.members) if good[t[1]] and (t[2] < 0 or good[t[2]])]
        clash = set(problem.clash[problem.clash_start[at] : problem.clash_start[at + 1]].tolist())
        for team in self.able[cell]:
            if problem.first[at] <= team[0] <= problem.last[at] and not clash & set(team[1:]):
                yield team

    def _room(self, at: int, team: Team) -> Iterator[tuple[tuple[int, int], tuple[int, ...]]]:
        """(how many, worth) and the visits that would give way; the empty choice where there is room."""
        free = [v for v in self.members[team] if self._gives_way(v, at)]
        for count in range(min(MOST, len(free)) + 1):
            found = [
                ((count, int(self.problem.value[list(out)].sum())), out)
                for out in combinations(sorted(free), count)
                if self._fits(at, team, out)
            ]
            if found:
                yield min(found)
                return

    def _gives_way(self, visit: int, to: int) -> bool:
        """Visits by risk to better tiers; to one that is drawn also those to its own tier: the draw is published."""
        lower = self.rank[visit] < self.rank[to] or (self.drawn[to] and self.rank[visit] == self.rank[to])
        return bool(self.by_risk[visit] and lower and visit not in self.problem.pins)

    def _fits(self, at: int, team: Team, out: tuple[int, ...]) -> bool:
        problem = self.problem
        rest = [*(v for v in self.members[team] if v not in out), at]
        districts = len(set(problem.district[rest].tolist()))
        load = int(problem.minutes[rest].sum()) + (districts - 1) * problem.travel_minutes
        return districts <= 2 and load <= min(int(problem.crew.minutes[p]) for p in team[1:] if p >= 0)

    def solution(self) -> Solution:
        """As a Solution, with the objective it now has."""
        columns = [np.full(len(self.problem.ids), -1, np.int64) for _ in range(3)]
        for at, team in self.place.items():
            for column, value in zip(columns, team, strict=True):
                column[at] = value
        day, one, other = columns
        value = objective_of(self.problem, np.flatnonzero(day >= 0))
        return replace(self.given, day=day, one=one, other=other, objective=value)
