"""The compiled part of sooner.py: exchanges of scheduled visits between team-days that lower the sum of
weight × |day - wish|. Integers only; the same result on every machine.

Rules kept by every exchange: a team-day's minutes with travel ≤ its capacity, at most two districts in it, no more
team-days of two districts than before, the day within the visit's window, teams able to go, nobody sent where a clash
is known, nobody's work over the period changed by more than `drift` minutes. No visit appears or disappears.

All compiled functions stand in this one file, because numba renews its cache only when the function's own file changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Whole = Any  # an integer, of the width numba chooses


class Visits(NamedTuple):
    """Scheduled visits; arrays of length n."""

    minutes: I32
    district: I32
    cell: I32  # segment of Able.bins
    first: I32
    last: I32
    wish: I32  # day it would best take place
    weight: I64  # cost of each day away from it
    fixed: Bools
    clash_start: I32  # n + 1
    clash: I32


class TeamDays(NamedTuple):
    """Team-days; arrays of length b."""

    day: I32
    one: I32
    other: I32  # -1 in teams of one
    capacity: I32


class Able(NamedTuple):
    """Which team-days may make the visits of each cell: bins[start[cell]:start[cell + 1]]."""

    start: I32
    bins: I32
    may: Bools  # (cells, sorts of teams)
    sort: I32  # per team-day


class State(NamedTuple):
    """Who is where."""

    place: I32  # team-day of each visit
    members: I32  # (b, width)
    filled: I32
    work: I64  # minutes by which each person has more than at first; never beyond `drift`


@njit(cache=True, nogil=True)
def allowed(j: Whole, b: Whole, visits: Visits, days: TeamDays, able: Able) -> bool:
    """Skill and district, window, clashes."""
    if not able.may[visits.cell[j], able.sort[b]] or days.day[b] < visits.first[j] or days.day[b] > visits.last[j]:
        return False
    for at in range(visits.clash_start[j], visits.clash_start[j + 1]):
        if visits.clash[at] == days.one[b] or visits.clash[at] == days.other[b]:
            return False
    return True


@njit(cache=True, nogil=True)
def districts(b: Whole, out1: Whole, out2: Whole, in1: Whole, in2: Whole, visits: Visits, state: State) -> Whole:
    """How many districts team-day b has without out1, out2 and with in1, in2 (each or -1); 3 when more than two."""
    d0, d1 = -1, -1
    for at in range(state.filled[b] + 2):
        j = state.members[b, at] if at < state.filled[b] else (in1 if at == state.filled[b] else in2)
        if j < 0 or j == out1 or j == out2:  # noqa: SIM109 (numba)
            continue
        d = visits.district[j]
        if d0 < 0 or d0 == d:
            d0 = d
        elif d1 < 0 or d1 == d:
            d1 = d
        else:
            return 3
    return (d0 >= 0) + (d1 >= 0)


@njit(cache=True, nogil=True)
def load(b: Whole, out1: Whole, out2: Whole, in1: Whole, in2: Whole, visits: Visits, state: State) -> Whole:
    """Minutes of team-day b after the exchange, travel aside."""
    total: Whole = 0
    for at in range(state.filled[b]):
        j = state.members[b, at]
        if j != out1 and j != out2:
            total += visits.minutes[j]
    if in1 >= 0:
        total += visits.minutes[in1]
    if in2 >= 0:
        total += visits.minutes[in2]
    return total


@njit(cache=True, nogil=True)
def shift(b: Whole, c: Whole, minutes: Whole, days: TeamDays, state: State) -> None:
    """So many minutes more for the people of c and fewer for those of b."""
    state.work[days.one[b]] -= minutes
    state.work[days.one[c]] += minutes
    if days.other[b] >= 0:
        state.work[days.other[b]] -= minutes
        state.work[days.other[c]] += minutes


@njit(cache=True, nogil=True)
def even(b: Whole, c: Whole, minutes: Whole, drift: Whole, days: TeamDays, state: State) -> Whole:
    """Whether nobody of the two teams then has over `drift` minutes more or less than at first."""
    shift(b, c, minutes, days, state)
    good = abs(state.work[days.one[b]]) <= drift and abs(state.work[days.one[c]]) <= drift
    if days.other[b] >= 0:
        good = good and abs(state.work[days.other[b]]) <= drift and abs(state.work[days.other[c]]) <= drift
    shift(c, b, minutes, days, state)
    return good


@njit(cache=True, nogil=True)
def fits(
    b: Whole, c: Whole, j: Whole, partner: Whole, out1: Whole, out2: Whole, travel: Whole, drift: Whole,
    visits: Visits, days: TeamDays, state: State,
) -> Whole:  # fmt: skip
    """Whether j (and partner) may leave b for c while out1 (and out2) leave c for b."""
    width = state.members.shape[1]
    leave = 1 + (partner >= 0)
    come = (out1 >= 0) + (out2 >= 0)
    if state.filled[c] + leave - come > width or state.filled[b] + come - leave > width:
        return False
    to = load(c, out1, out2, j, partner, visits, state)
    back = load(b, j, partner, out1, out2, visits, state)
    if to > days.capacity[c] or back > days.capacity[b]:
        return False
    if not even(b, c, to - load(c, -1, -1, -1, -1, visits, state), drift, days, state):
        return False
    there, here = (
        districts(c, out1, out2, j, partner, visits, state),
        districts(b, j, partner, out1, out2, visits, state),
    )
    if there > 2 or here > 2:
        return False
    if to + travel * (there == 2) > days.capacity[c] or back + travel * (here == 2) > days.capacity[b]:
        return False
    before = (districts(b, -1, -1, -1, -1, visits, state) == 2) + (districts(c, -1, -1, -1, -1, visits, state) == 2)
    return (there == 2) + (here == 2) <= before


@njit(cache=True, nogil=True)
def gain(j: Whole, b: Whole, c: Whole, visits: Visits, days: TeamDays) -> Whole:
    """What is won when visit j goes from b to c."""
    if j < 0:
        return np.int64(0)
    before, after = abs(days.day[b] - visits.wish[j]), abs(days.day[c] - visits.wish[j])
    return visits.weight[j] * np.int64(before - after)


@njit(cache=True, nogil=True)
def move(j: Whole, c: Whole, state: State) -> None:
    b = state.place[j]
    last = state.filled[b] - 1
    for at in range(last + 1):
        if state.members[b, at] == j:
            state.members[b, at] = state.members[b, last]
            break
    state.members[b, last] = -1
    state.filled[b] = last
    state.members[c, state.filled[c]] = j
    state.filled[c] += 1
    state.place[j] = c


@njit(cache=True, nogil=True)
def best_exchange(
    j: Whole, travel: Whole, drift: Whole, visits: Visits, days: TeamDays, able: Able, state: State
) -> tuple[Whole, Whole, Whole, Whole, Whole]:
    """The exchange of j that wins most: (won, team-day, partner, out1, out2); won = 0 without any."""
    b = state.place[j]
    won, where, partner, first, second = np.int64(0), -1, -1, -1, -1
    cell = visits.cell[j]
    for at in range(able.start[cell], able.start[cell + 1]):
        c = able.bins[at]
        own = gain(j, b, c, visits, days)
        if days.day[c] == days.day[b] or own <= won or not allowed(j, c, visits, days, able):
            continue
        if fits(b, c, j, -1, -1, -1, travel, drift, visits, days, state):
            won, where, partner, first, second = own, c, -1, -1, -1
            continue
        for p in range(state.filled[c]):
            k = state.members[c, p]
            if visits.fixed[k] or not allowed(k, b, visits, days, able):
                continue
            both = own + gain(k, c, b, visits, days)
            if both > won and fits(b, c, j, -1, k, -1, travel, drift, visits, days, state):
                won, where, partner, first, second = both, c, -1, k, -1
            for q in range(p):
                m = state.members[c, q]
                if visits.fixed[m] or not allowed(m, b, visits, days, able):
                    continue
                three = both + gain(m, c, b, visits, days)
                if three > won and fits(b, c, j, -1, k, m, travel, drift, visits, days, state):
                    won, where, partner, first, second = three, c, -1, k, m
            for q in range(state.filled[b]):
                m = state.members[b, q]
                if m == j or visits.fixed[m] or not allowed(m, c, visits, days, able):
                    continue
                three = both + gain(m, b, c, visits, days)
                if three > won and fits(b, c, j, m, k, -1, travel, drift, visits, days, state):
                    won, where, partner, first, second = three, c, m, k, -1
    return won, where, partner, first, second


@njit(cache=True, nogil=True)
def exchange(
    order: I32, rounds: int, travel: int, drift: int, visits: Visits, days: TeamDays, able: Able, state: State
) -> Whole:
    """Takes the visits in this order, the best exchange of each, until a round wins less than a thousandth of what
    was won before; the sum won."""
    total = np.int64(0)
    for _ in range(rounds):
        before = total
        for j in order:
            if visits.fixed[j]:
                continue
            won, c, partner, first, second = best_exchange(j, travel, drift, visits, days, able, state)
            if won <= 0:
                continue
            b = state.place[j]
            had = load(c, -1, -1, -1, -1, visits, state)
            if first >= 0:
                move(first, b, state)
            if second >= 0:
                move(second, b, state)
            move(j, c, state)
            if partner >= 0:
                move(partner, c, state)
            shift(b, c, load(c, -1, -1, -1, -1, visits, state) - had, days, state)
            total += won
        if (total - before) * 1000 <= before:
            break
    return total
