"""Days by risk: the same visits, the same teams, but what is likely to be found is found earlier.

The roster decides who is visited and which teams there are on which day; it does not care when. Afterwards visits
change places between team-days, so that the sum of weight × days away from the wished day falls. A visit by risk
wishes for its first allowed day and weighs what its firm's risk does; a visit by lot wishes for a day drawn from its
window, so that neither the first weeks nor the last give a tier away. Nothing else changes: the set of visits, the
objective, the bound and the draw stay as they are, every rule holds, and nobody's work over the period grows or shrinks
by more than the longest visit, so that the roster's balance of load stays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.inspection import keyed, sooner_kernel
from models.inspection.crew import Ints
from models.inspection.problem import Problem, Solution

ROUNDS = 30  # a round looks once at every visit; most plans need three to five


@dataclass(frozen=True)
class Wishes:
    """When each visit would best take place; arrays over the visits of a problem."""

    weight: Ints  # cost of a day away from the wish; 0: no wish
    day: Ints  # index of the working day
    by: list[str]  # risk, lot, fit (no wish) or stands


def wishes(problem: Problem, firms: pl.DataFrame, risk_first_per_mille: int | None, seed: bytes) -> Wishes:
    """By risk: the first allowed day, weight = intensity; drawn firms weigh what their tier does in the mean, so that
    inside a tier the drawn come in no order of risk and a sample of the first weeks is still one. By lot (the rest of
    the share): a day of the window by keyed number, with the mean weight. Without a share nobody has a wish."""
    n = len(problem.ids)
    if risk_first_per_mille is None or not n:
        return Wishes(np.zeros(n, np.int64), np.zeros(n, np.int64), ["fit"] * n)
    weight = _risk(firms)
    numbers = keyed.numbers(seed, [f"day|{name}" for name in problem.ids])
    by_lot = (numbers % np.uint64(1000)).astype(np.int64) >= risk_first_per_mille
    last = np.minimum(problem.last, len(problem.days) - 1)
    span = np.maximum(last - problem.first + 1, 1).astype(np.uint64)
    drawn_day = problem.first + ((numbers >> np.uint64(16)) % span).astype(np.int64)
    weight = np.where(by_lot, int(weight.sum()) // n, weight)
    by = np.where(np.isin(np.arange(n), list(problem.pins)), "stands", np.where(by_lot, "lot", "risk"))
    return Wishes(np.maximum(1, weight), np.where(by_lot, drawn_day, problem.first), by.tolist())


def _risk(firms: pl.DataFrame) -> Ints:
    """Intensity of each visit; of the drawn the mean of their tier."""
    intensity = firms["intensity"].fill_null(0).to_numpy().astype(np.int64)
    drawn, tiers = (firms["layer"] == "random").to_numpy(), firms["tier"].fill_null("").to_numpy()
    weight = intensity.copy()
    for tier in sorted(set(tiers[drawn])):
        inside = drawn & (tiers == tier)
        weight[inside] = int(intensity[inside].sum()) // int(inside.sum())
    return weight


def sooner(problem: Problem, firms: list[str], solution: Solution, wished: Wishes, seed: bytes) -> Solution:
    """The solution with other days: same visits, objective and bound. `firms`: enterprise of each visit.

    Visits that stand (pins) and firms with several visits keep their day: intervals between these need no new proof.
    """
    seated = np.flatnonzero(solution.day >= 0)
    if not len(seated) or not wished.weight[seated].any():
        return solution
    teams, place = _team_days(problem, solution, seated)
    days = sooner_kernel.TeamDays(*map(_small, (*teams.T, _hours(problem, teams))))
    cells = np.unique(problem.cell[seated])
    visits, able = _visits(problem, firms, seated, cells, wished), _able(problem, teams, cells)
    most = int(days.capacity.max()) // int(visits.minutes.min())
    state = _state(place, len(teams), most, len(problem.crew.ids))
    tie = keyed.numbers(seed, [problem.ids[at] for at in seated])
    order = _small(np.lexsort((tie, -visits.weight)))
    drift = int(visits.minutes.max())
    sooner_kernel.exchange(order, ROUNDS, problem.travel_minutes, drift, visits, days, able, state)
    day, one, other = solution.day.copy(), solution.one.copy(), solution.other.copy()
    day[seated], one[seated], other[seated] = teams[state.place].T
    return replace(solution, day=day, one=one, other=other)


def delay(solution: Solution, wished: Wishes) -> int:
    """Σ weight × days from the wish over the scheduled visits: what `sooner` lowers."""
    seated = solution.day >= 0
    return int((wished.weight * np.abs(solution.day - wished.day))[seated].sum())


def _small(column: Ints) -> sooner_kernel.I32:
    return np.ascontiguousarray(column, np.int32)


def _team_days(problem: Problem, solution: Solution, seated: Ints) -> tuple[Ints, Ints]:
    """Every team-day formed (day, one, other), sorted, and the row of each seated visit's."""
    used = np.stack([column[seated] for column in (solution.day, solution.one, solution.other)], axis=1)
    teams, row = np.unique(np.concatenate([used, solution.teams]), axis=0, return_inverse=True)
    return teams, row.reshape(-1)[: len(seated)].astype(np.int64)


def _hours(problem: Problem, teams: Ints) -> Ints:
    """Minutes of each team-day: the shorter of its people's."""
    minutes = problem.crew.minutes
    second = np.where(teams[:, 2] >= 0, teams[:, 2], teams[:, 1])
    return np.minimum(minutes[teams[:, 1]], minutes[second])


def _visits(problem: Problem, firms: list[str], seated: Ints, cells: Ints, wished: Wishes) -> sooner_kernel.Visits:
    _, firm, count = np.unique(np.array(firms)[seated], return_inverse=True, return_counts=True)
    counts = (problem.clash_start[1:] - problem.clash_start[:-1])[seated]
    start = np.concatenate([[0], np.cumsum(counts)])
    source = np.repeat(problem.clash_start[:-1][seated] - start[:-1], counts) + np.arange(start[-1])
    return sooner_kernel.Visits(
        minutes=_small(problem.minutes[seated]),
        district=_small(problem.district[seated]),
        cell=_small(np.searchsorted(cells, problem.cell[seated])),
        first=_small(problem.first[seated]),
        last=_small(problem.last[seated]),
        wish=_small(wished.day[seated]),
        weight=wished.weight[seated],
        fixed=(count[firm.reshape(-1)] > 1) | np.isin(seated, list(problem.pins)),
        clash_start=_small(start),
        clash=_small(problem.clash[source]),
    )


def _able(problem: Problem, teams: Ints, cells: Ints) -> sooner_kernel.Able:
    """Teams with the same districts and skills are one sort; for each cell the team-days that may go there."""
    crew = problem.crew
    flags = np.hstack([crew.districts, crew.skills])
    second = np.where(teams[:, 2] >= 0, teams[:, 2], teams[:, 1])
    kinds, sort = np.unique(flags[teams[:, 1]] & flags[second], axis=0, return_inverse=True)
    sort = sort.reshape(-1)
    district, skill = np.divmod(cells, crew.skills.shape[1])
    may = kinds[:, district] & kinds[:, crew.districts.shape[1] + skill]  # (sorts, cells)
    lists = [np.flatnonzero(may[sort, at]) for at in range(len(cells))]
    start = _small(np.cumsum([0, *map(len, lists)]))
    return sooner_kernel.Able(start, _small(np.concatenate(lists)), np.ascontiguousarray(may.T), _small(sort))


def _state(place: Ints, count: int, most: int, people: int) -> sooner_kernel.State:
    """Visits by team-day; no day holds more than `most`."""
    width = max(most, int(np.bincount(place, minlength=count).max())) + 1
    members, filled = np.full((count, width), -1, np.int32), np.zeros(count, np.int32)
    for visit, at in enumerate(place.tolist()):
        members[at, filled[at]] = visit
        filled[at] += 1
    return sooner_kernel.State(_small(place), members, filled, np.zeros(people, np.int64))
