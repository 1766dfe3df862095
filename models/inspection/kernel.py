"""The compiled heart: price-guided construction and a bounded improvement of assignments of visits to team-days.

Integers only, own counter-based random numbers, no clock: the same result on every machine. Also solves generalised
assignment (Yagiura's instances): an item is a visit, a bin a team-day.

Rules kept by every step: a bin's minutes with travel ≤ its capacity, at most two districts in a bin, the day of the
bin within the item's window, kinds that fit, nobody sent where a clash is known.

One file on purpose, longer than the house allows: numba's cache of a compiled function is renewed only when the
function's own file changes, so a helper or a table kept in another file would leave stale machine code behind.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Whole = Any  # an integer, of the width numba chooses
PAIRS = 8  # visits of a bin whose pairs are looked at for ejection


class Items(NamedTuple):
    """Visits; arrays of length n."""

    value: I64
    row: I32  # row of the tables of the bins' kinds
    cell: I32  # segment of cell_bins
    group: I32  # counts together for the premium
    district: I32
    first: I32
    last: I32
    clash_start: I32  # n + 1; clashing people of item j: clash[clash_start[j]:clash_start[j+1]]
    clash: I32


class Bins(NamedTuple):
    """Team-days; arrays of length b."""

    capacity: I32
    day: I32
    kind: I32
    one: I32  # person
    other: I32  # person or -1
    price: I64  # value of the bin's minute elsewhere (milli), for construction


class Rules(NamedTuple):
    """Tables shared by all."""

    size: I32  # (rows, kinds) minutes; -1 where the kind cannot visit
    extra: I64  # (rows, kinds) value added
    cell_start: I32  # cells + 1
    cell_bins: I32
    premium: I64  # per group, for each item up to the target
    target: I64
    over: I64  # per group, cost of each item beyond the target
    travel: int
    plain: bool = True  # no value added anywhere: all bins that take an item are alike


class State(NamedTuple):
    """The assignment and what follows from it."""

    place: I32  # bin of each item or -1
    used: I32  # minutes without travel
    members: I32  # (b, width)
    filled: I32
    where: I32  # (b, 2) districts
    visits: I32  # (b, 2) items in them
    done: I64  # items per group
    work: I64  # minutes per person


@njit(cache=True, nogil=True)
def mixed(key: np.uint64, counter: Whole) -> Whole:
    """Random 32-bit number of a counter (splitmix64)."""
    z = key + np.uint64(counter) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.int64((z ^ (z >> np.uint64(31))) >> np.uint64(33))


@njit(cache=True, nogil=True)
def load_with(
    state: State, b: Whole, out1: Whole, out2: Whole, item: Whole, items: Items, rules: Rules, bins: Bins
) -> Whole:
    """Minutes with travel in bin b without out1, out2 (or -1) and with item; -1 when it would be a third district."""
    kind = bins.kind[b]
    load = state.used[b]
    d0, d1 = state.where[b, 0], state.where[b, 1]
    n0, n1 = state.visits[b, 0], state.visits[b, 1]
    if out1 >= 0:
        load -= rules.size[items.row[out1], kind]
        if items.district[out1] == d0 and n0 > 0:
            n0 -= 1
        else:
            n1 -= 1
    if out2 >= 0:
        load -= rules.size[items.row[out2], kind]
        if items.district[out2] == d0 and n0 > 0:
            n0 -= 1
        else:
            n1 -= 1
    if item >= 0:
        load += rules.size[items.row[item], kind]
        d = items.district[item]
        if n0 > 0 and d0 == d:
            n0 += 1
        elif n1 > 0 and d1 == d:
            n1 += 1
        elif n0 == 0:
            n0 = 1
        elif n1 == 0:
            n1 = 1
        else:
            return -1
    if n0 > 0 and n1 > 0:
        load += rules.travel
    return load


@njit(cache=True, nogil=True)
def allowed(j: Whole, b: Whole, items: Items, bins: Bins, rules: Rules) -> bool:
    """Kind, window and clashes."""
    if rules.size[items.row[j], bins.kind[b]] < 0 or bins.day[b] < items.first[j] or bins.day[b] > items.last[j]:
        return False
    for at in range(items.clash_start[j], items.clash_start[j + 1]):
        if items.clash[at] == bins.one[b] or items.clash[at] == bins.other[b]:
            return False
    return True


@njit(cache=True, nogil=True)
def add(j: Whole, b: Whole, state: State, items: Items, bins: Bins, rules: Rules) -> None:
    size = rules.size[items.row[j], bins.kind[b]]
    state.place[j] = b
    state.members[b, state.filled[b]] = j
    state.filled[b] += 1
    state.used[b] += size
    state.work[bins.one[b]] += size
    if bins.other[b] >= 0:
        state.work[bins.other[b]] += size
    d = items.district[j]
    if state.visits[b, 0] > 0 and state.where[b, 0] == d:
        state.visits[b, 0] += 1
    elif state.visits[b, 1] > 0 and state.where[b, 1] == d:
        state.visits[b, 1] += 1
    else:
        slot = 0 if state.visits[b, 0] == 0 else 1
        state.where[b, slot] = d
        state.visits[b, slot] = 1


@njit(cache=True, nogil=True)
def drop(j: Whole, state: State, items: Items, bins: Bins, rules: Rules) -> None:
    b = state.place[j]
    size = rules.size[items.row[j], bins.kind[b]]
    state.place[j] = -1
    last = state.filled[b] - 1
    for at in range(last + 1):
        if state.members[b, at] == j:
            state.members[b, at] = state.members[b, last]
            break
    state.filled[b] = last
    state.used[b] -= size
    state.work[bins.one[b]] -= size
    if bins.other[b] >= 0:
        state.work[bins.other[b]] -= size
    slot = 0 if state.visits[b, 0] > 0 and state.where[b, 0] == items.district[j] else 1
    state.visits[b, slot] -= 1


@njit(cache=True, nogil=True)
def step_gain(group: Whole, up: bool, state: State, rules: Rules) -> Whole:
    """Premium (or cost beyond the target) of one item more (up) or fewer in the group; changes the count."""
    if up:
        state.done[group] += 1
        return rules.premium[group] if state.done[group] <= rules.target[group] else -rules.over[group]
    state.done[group] -= 1
    return -rules.premium[group] if state.done[group] < rules.target[group] else rules.over[group]


@njit(cache=True, nogil=True)
def construct(order: I32, items: Items, bins: Bins, rules: Rules, state: State) -> Whole:
    """Best fit: items in the given order where they add most; among equals into the tightest open bin of their
    district, else the cheapest empty one whose people have worked least, else an open bin of one other district."""
    placed = 0
    for j in order:
        best, best_rank, best_a, best_b, best_extra = -1, 9, 0, 0, np.int64(0)
        value = items.value[j] + (
            rules.premium[items.group[j]]
            if state.done[items.group[j]] < rules.target[items.group[j]]
            else -rules.over[items.group[j]]
        )
        if state.place[j] >= 0:
            continue
        for at in range(rules.cell_start[items.cell[j]], rules.cell_start[items.cell[j] + 1]):
            b = rules.cell_bins[at]
            if not allowed(j, b, items, bins, rules):
                continue
            load = load_with(state, b, -1, -1, j, items, rules, bins)
            if load < 0 or load > bins.capacity[b] or value + rules.extra[items.row[j], bins.kind[b]] <= 0:
                continue
            free = bins.capacity[b] - load
            if state.filled[b] == 0:
                rank, first, second = 1, bins.price[b], state.work[bins.one[b]]
                if bins.other[b] >= 0:
                    second += state.work[bins.other[b]]
            else:
                d = items.district[j]
                same = (state.visits[b, 0] > 0 and state.where[b, 0] == d) or (
                    state.visits[b, 1] > 0 and state.where[b, 1] == d
                )
                rank, first, second = (0 if same else 2), np.int64(free), bins.price[b]
            extra = rules.extra[items.row[j], bins.kind[b]]
            tighter = rank == best_rank and (first < best_a or (first == best_a and second < best_b))
            if best < 0 or extra > best_extra or (extra == best_extra and (rank < best_rank or tighter)):
                best, best_rank, best_a, best_b, best_extra = b, rank, first, second, extra
                if rank == 0 and free == 0 and rules.plain:
                    break
        if best >= 0:
            add(j, best, state, items, bins, rules)
            state.done[items.group[j]] += 1
            placed += 1
    return placed


@njit(cache=True, nogil=True)
def improve(
    steps: Whole,
    key: np.uint64,
    heat: Whole,
    cool: Whole,
    items: Items,
    bins: Bins,
    rules: Rules,
    state: State,
    fixed: npt.NDArray[np.bool_],
) -> Whole:
    """Bounded annealing. One kind of step covers insert (with up to two ejections), relocate, swap and replace:
    put item j into bin b, eject at most two, find them another place or leave them out.

    heat: temperature at the start; cool: per 1,024 steps, in 1/65,536. Returns the sum of accepted changes.
    """
    n = len(items.value)
    total = np.int64(0)
    best = np.int64(0)
    kept = state.place.copy()
    cold = np.empty(256, np.int64)  # -ln((i + ½)/256) in 1/1024, by an integer series: no libm
    for i in range(256):
        cold[i] = negative_log(2 * i + 1)
    outside = np.empty(n, np.int32)
    spot = np.full(n, -1, np.int32)
    many = 0
    for at in range(n):
        if state.place[at] < 0:
            outside[many] = at
            spot[at] = many
            many += 1
    counter = np.int64(0)
    temperature = np.int64(heat) << 16
    for step in range(steps):
        if step & 1023 == 1023:
            temperature = (temperature >> 16) * cool + (((temperature & 65535) * cool) >> 16)
            if total > best and step & 65535 == 65535:
                best = total
                kept[:] = state.place
        counter += 16
        r = mixed(key, counter)
        j = outside[(r >> 1) % many] if many > 0 and r & 1 == 0 else np.int32((r >> 1) % n)
        if fixed[j]:
            continue
        lo, hi = rules.cell_start[items.cell[j]], rules.cell_start[items.cell[j] + 1]
        if hi == lo:
            continue
        b0 = state.place[j]
        b = -1
        for attempt in range(3):
            c = rules.cell_bins[lo + mixed(key, counter + 1 + attempt) % (hi - lo)]
            if c != b0 and allowed(j, c, items, bins, rules):
                b = c
                d = items.district[j]
                if state.filled[c] == 0 or (
                    (state.visits[c, 0] > 0 and state.where[c, 0] == d)
                    or (state.visits[c, 1] > 0 and state.where[c, 1] == d)
                ):
                    break
        if b < 0:
            continue
        capacity = bins.capacity[b]
        e1, e2 = np.int32(-1), np.int32(-1)
        load = load_with(state, b, -1, -1, j, items, rules, bins)
        if load < 0 or load > capacity:
            cheapest = np.int64(1) << 60
            count = state.filled[b]
            turn = mixed(key, counter + 4) % count if count else 0
            for at in range(count):
                e = state.members[b, (at + turn) % count]
                if fixed[e]:
                    continue
                load = load_with(state, b, e, -1, j, items, rules, bins)
                lost = items.value[e] + rules.extra[items.row[e], bins.kind[b]]
                if 0 <= load <= capacity and lost < cheapest:
                    cheapest, e1 = lost, e
                    if not rules.plain:  # its worth depends on where it goes: the first in turn, whichever it is
                        break
            if e1 < 0:
                for at in range(min(count, PAIRS)):
                    e = state.members[b, (at + turn) % count]
                    if fixed[e]:
                        continue
                    for to in range(at + 1, min(count, at + PAIRS)):
                        f = state.members[b, (to + turn) % count]
                        lost = items.value[e] + rules.extra[items.row[e], bins.kind[b]]
                        lost += items.value[f] + rules.extra[items.row[f], bins.kind[b]]
                        if fixed[f] or lost >= cheapest:
                            continue
                        load = load_with(state, b, e, f, j, items, rules, bins)
                        if 0 <= load <= capacity:
                            cheapest, e1, e2 = lost, e, f
            if e1 < 0:
                continue
        kind = bins.kind[b]
        delta = rules.extra[items.row[j], kind]
        if b0 >= 0:
            delta -= rules.extra[items.row[j], bins.kind[b0]]
        t1 = home(e1, b, b0, j, np.int32(-1), key, counter + 5, state, items, bins, rules)
        t2 = home(e2, b, b0, j, t1, key, counter + 10, state, items, bins, rules)
        if b0 < 0:
            delta += items.value[j] + step_gain(items.group[j], True, state, rules)
        if e1 >= 0:
            delta -= rules.extra[items.row[e1], kind]
            if t1 >= 0:
                delta += rules.extra[items.row[e1], bins.kind[t1]]
            else:
                delta += step_gain(items.group[e1], False, state, rules) - items.value[e1]
        if e2 >= 0:
            delta -= rules.extra[items.row[e2], kind]
            if t2 >= 0:
                delta += rules.extra[items.row[e2], bins.kind[t2]]
            else:
                delta += step_gain(items.group[e2], False, state, rules) - items.value[e2]
        if delta < 0 and -delta * 65_536 > (temperature >> 10) * cold[mixed(key, counter + 15) & 255]:
            if b0 < 0:
                state.done[items.group[j]] -= 1
            if e1 >= 0 and t1 < 0:
                state.done[items.group[e1]] += 1
            if e2 >= 0 and t2 < 0:
                state.done[items.group[e2]] += 1
            continue
        if b0 >= 0:
            drop(j, state, items, bins, rules)
        else:
            many -= 1
            moved = outside[many]
            outside[spot[j]] = moved
            spot[moved] = spot[j]
            spot[j] = -1
        for which in range(2):
            e = e1 if which == 0 else e2
            t = t1 if which == 0 else t2
            if e >= 0:
                drop(e, state, items, bins, rules)
                if t >= 0:
                    add(e, t, state, items, bins, rules)
                else:
                    outside[many] = e
                    spot[e] = many
                    many += 1
        add(j, b, state, items, bins, rules)
        total += delta
    if total < best:
        for j in range(n):
            if state.place[j] >= 0:
                drop(j, state, items, bins, rules)
                state.done[items.group[j]] -= 1
        for j in range(n):
            if kept[j] >= 0:
                add(j, kept[j], state, items, bins, rules)
                state.done[items.group[j]] += 1
        total = best
    return total


@njit(cache=True, nogil=True)
def negative_log(odd: Whole) -> Whole:
    """-ln(odd/512) * 1024, by halving and a series in integers (error < 2/1024)."""
    x = np.int64(odd) << 20
    result = np.int64(0)
    while x < np.int64(512) << 20:
        x <<= 1
        result += 709_783  # ln 2 in 1/1024, thousandths of it
    # x/2^20 in [512, 1024): t = (x - 512*2^20) / (x + 512*2^20); ln(x/512) = 2(t + t^3/3 + t^5/5 + ...)
    t = ((x - (np.int64(512) << 20)) << 20) // (x + (np.int64(512) << 20))
    square = (t * t) >> 20
    term, series = t, np.int64(0)
    for k in range(1, 12, 2):
        series += term // k
        term = (term * square) >> 20
    return result // 1000 - (2 * series >> 10)


@njit(cache=True, nogil=True)
def home(
    e: Whole,
    b: Whole,
    b0: Whole,
    j: Whole,
    taken: Whole,
    key: np.uint64,
    counter: Whole,
    state: State,
    items: Items,
    bins: Bins,
    rules: Rules,
) -> Whole:
    """Another bin for the ejected e: the one j leaves, or one of four at random; -1 when none fits.

    The first that fits; where bins add different values, the best of them.
    """
    if e < 0:
        return np.int32(-1)
    found: Whole = np.int32(-1)
    most: Whole = np.int64(0)
    if b0 >= 0 and b0 != taken and allowed(e, b0, items, bins, rules):
        load = load_with(state, b0, j, -1, e, items, rules, bins)
        if 0 <= load <= bins.capacity[b0]:
            if rules.plain:
                return np.int32(b0)
            found, most = np.int32(b0), rules.extra[items.row[e], bins.kind[b0]]
    lo, hi = rules.cell_start[items.cell[e]], rules.cell_start[items.cell[e] + 1]
    for attempt in range(4):
        c = rules.cell_bins[lo + mixed(key, counter + attempt) % (hi - lo)]
        if c == b or c == b0 or c == taken or not allowed(e, c, items, bins, rules):  # noqa: SIM109 (numba)
            continue
        load = load_with(state, c, -1, -1, e, items, rules, bins)
        if 0 <= load <= bins.capacity[c] and (found < 0 or rules.extra[items.row[e], bins.kind[c]] > most):
            if rules.plain:
                return np.int32(c)
            found, most = np.int32(c), rules.extra[items.row[e], bins.kind[c]]
    return found
