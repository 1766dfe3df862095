"""The best plan of a small region, by CP-SAT: one worker, a limit of deterministic work, the kernel's plan as hint.

Where every pair of inspectors of every day can be put before the solver, its bound holds whoever pairs with whom, and
an optimum is proven for the whole problem. Where only the team-days of the lottery can, it may improve the visits.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ortools.sat.python import cp_model

from models.inspection import keyed
from models.inspection.crew import Ints
from models.inspection.problem import NO_TEAMS, Problem


@dataclass(frozen=True)
class Limits:
    """choices: most (visit, team-day) pairs of a region that counts as small; work: thousandths of CP-SAT's
    deterministic time. Zero choices: never."""

    choices: int = 0
    work: int = 0

    def __post_init__(self) -> None:
        if self.choices < 0 or self.work < 0:
            raise ValueError(f"Expected choices >= 0 and work >= 0, got {self.choices}, {self.work}")


@dataclass(frozen=True)
class Found:
    """place: row of the team-days of each visit or -1; bound: nobody does better with these team-days."""

    place: Ints
    bound: int


def every_team(problem: Problem, region: int, limits: Limits) -> Ints:
    """(k, 3) day, one, other: all who could form a team on each day; empty when they are too many to look at."""
    crew = problem.crew
    here = np.flatnonzero((crew.region == region) & (crew.minutes > 0))
    there = crew.there[here]
    people = there.sum(axis=0).astype(np.int64)
    if int((people * (people - 1) // 2 if problem.team_size == 2 else people).sum()) > limits.choices:
        return NO_TEAMS
    rows = [
        (day, team[0], team[1] if problem.team_size == 2 else -1)
        for day in range(crew.days)
        for team in combinations(here[there[:, day]].tolist(), problem.team_size)
    ]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def best_plan(
    problem: Problem, chosen: Ints, teams: Ints, hint: dict[int, tuple[int, int, int]], seed: bytes, limits: Limits
) -> Found | None:
    """The best plan of the visits `chosen` with these team-days; None when there is too much to look at, or nothing
    is found within the limits. `hint`: team-day of the visits of a plan that is known."""
    options = _options(problem, chosen, teams, limits.choices)
    if options is None or not limits.work:
        return None
    model = _Model(problem, chosen, teams, options, seed)
    model.start_from(hint)
    return model.solve(limits.work)


def _options(problem: Problem, chosen: Ints, teams: Ints, most: int) -> list[Ints] | None:
    """Team-days that could make each visit; None when they are more than `most`."""
    crew, found, left = problem.crew, [], most
    day, people = teams[:, 0], teams[:, 1 : 1 + problem.team_size]
    place = {team: at for at, team in enumerate(map(tuple, teams.tolist()))}
    for visit in chosen.tolist():
        if visit in problem.pins:
            found.append(np.array([place[problem.pins[visit]]], dtype=np.int64))
            continue
        able = crew.districts[:, problem.district[visit]] & crew.skills[:, problem.skill[visit]]
        able &= crew.minutes >= problem.minutes[visit]
        able[problem.clash[problem.clash_start[visit] : problem.clash_start[visit + 1]]] = False
        inside = (day >= problem.first[visit]) & (day <= problem.last[visit])
        found.append(np.flatnonzero(able[people].all(axis=1) & inside))
        left -= len(found[-1])
        if left < 0:
            return None
    return found


class _Model:
    """x: visit made by team-day; y: district opened in a team-day; open: team-day formed. Rules by their names."""

    def __init__(self, problem: Problem, chosen: Ints, teams: Ints, options: list[Ints], seed: bytes) -> None:
        self.problem, self.chosen, self.teams = problem, chosen, teams
        self.cp = cp_model.CpModel()
        self.x: dict[tuple[int, int], cp_model.IntVar] = {}
        for at in np.argsort(keyed.numbers(seed, [problem.ids[j] for j in chosen]), kind="stable").tolist():
            for team in options[at].tolist():
                self.x[at, team] = self.cp.new_bool_var("")
        self.of_visit: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        self.of_team: dict[int, list[int]] = defaultdict(list)
        for (at, team), variable in self.x.items():
            self.of_visit[at].append(variable)
            self.of_team[team].append(at)
        self.open = {team: self.cp.new_bool_var("") for team in self.of_team}
        self._each_visit_once()
        self._day_holds_minutes_and_travel()
        self._nobody_in_two_teams_a_day()
        self._value()

    def _each_visit_once(self) -> None:
        for at, variables in self.of_visit.items():
            if int(self.chosen[at]) in self.problem.pins:
                self.cp.add_exactly_one(variables)
            else:
                self.cp.add_at_most_one(variables)

    def _day_holds_minutes_and_travel(self) -> None:
        """Minutes, and travel to a second district, within the day of the shorter of the two; no third district."""
        problem, travel = self.problem, self.problem.travel_minutes
        for team, visits in self.of_team.items():
            capacity = min(int(problem.crew.minutes[p]) for p in self.teams[team, 1:] if p >= 0)
            opened: dict[int, cp_model.IntVar] = {}
            for at in visits:
                district = opened.setdefault(int(problem.district[self.chosen[at]]), self.cp.new_bool_var(""))
                self.cp.add_implication(self.x[at, team], district)
            minutes = sum(self.x[at, team] * int(problem.minutes[self.chosen[at]]) for at in visits)
            self.cp.add(minutes + travel * sum(opened.values()) <= (capacity + travel) * self.open[team])
            self.cp.add(sum(opened.values()) <= 2)

    def _nobody_in_two_teams_a_day(self) -> None:
        days: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
        for team, variable in self.open.items():
            for person in self.teams[team, 1:].tolist():
                if person >= 0:
                    days[int(self.teams[team, 0]), person].append(variable)
        for variables in days.values():
            if len(variables) > 1:
                self.cp.add_at_most_one(variables)

    def _value(self) -> None:
        """Worth of the visits, premium of each group up to its target, cost beyond it."""
        problem = self.problem
        worth = [variable * int(problem.value[self.chosen[at]]) for (at, _), variable in self.x.items()]
        members: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for at, variables in self.of_visit.items():
            members[int(problem.group[self.chosen[at]])] += variables
        for group, variables in members.items():
            upto = self.cp.new_int_var(0, int(problem.target[group]), "")
            beyond = self.cp.new_int_var(0, len(self.chosen), "")
            self.cp.add(sum(variables) == upto + beyond)
            worth += [upto * int(problem.premium[group]), beyond * -int(problem.over[group])]
        self.cp.maximize(sum(worth))

    def start_from(self, hint: dict[int, tuple[int, int, int]]) -> None:
        place = {team: at for at, team in enumerate(map(tuple, self.teams.tolist()))}
        row = [place.get(hint.get(int(visit), (-1, -1, -1)), -1) for visit in self.chosen]
        for (at, team), variable in self.x.items():
            self.cp.add_hint(variable, row[at] == team)
        used = set(row)
        for team, variable in self.open.items():
            self.cp.add_hint(variable, team in used)

    def solve(self, work: int) -> Found | None:
        """One worker and no clock: the same answer everywhere."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = work / 1000
        if solver.solve(self.cp) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        place = np.full(len(self.chosen), -1, np.int64)
        for (at, team), variable in self.x.items():
            if solver.boolean_value(variable):
                place[at] = team
        return Found(place, int(np.floor(solver.best_objective_bound + 0.001)))
