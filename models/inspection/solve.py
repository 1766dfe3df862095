"""The two-level scheme: prices and bound by region, teams by lottery, best fit, bounded improvement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from config.errors import PlanError
from models.inspection import kernel, keyed
from models.inspection.bound import MICRO, Priced, price, reduced
from models.inspection.crew import Bools, Ints
from models.inspection.exact import Limits, best_plan, every_team
from models.inspection.hours import Hours, region_hours
from models.inspection.kernel_tables import empty_state, tables
from models.inspection.possible import possible
from models.inspection.problem import NO_TEAMS, Problem, Solution
from models.inspection.special import cover
from models.inspection.teams import Lottery, TeamDays

PULLS = (64, 8) * 2  # tries in small regions: lotteries by the worth of teams or the wished mix, other random steps
SMALL = 3000  # visits
NEAR = 1000  # a gap below 1/NEAR of the bound ends the tries
KEEP = 5  # visits whose loss at the prices is below 1/KEEP of their hours' price stay candidates


@dataclass(frozen=True)
class _Part:
    chosen: Ints
    day: Ints
    one: Ints
    other: Ints
    objective: int
    bound: int
    bits: float
    price: Ints
    teams: Ints


def solve(problem: Problem, seed: bytes, effort: int, workers: int = 1, small: Limits | None = None) -> Solution:
    """Schedules the most valuable visits; the same answer for any number of workers.

    `effort`: improvement steps per candidate visit; `small`: regions up to this size also go through CP-SAT (None: no
    region does). Nothing is read from the clock.
    """
    regions = [np.flatnonzero(problem.region == region) for region in np.unique(problem.region)]
    with ThreadPoolExecutor(workers) as pool:
        parts = list(
            pool.map(lambda chosen: _region(problem, chosen, seed, effort, workers, small or Limits()), regions)
        )
    n = len(problem.ids)
    day, one, other, prices = (np.full(n, -1, np.int64) for _ in range(4))
    for part in parts:
        day[part.chosen], one[part.chosen], other[part.chosen] = part.day, part.one, part.other
        prices[part.chosen] = part.price
    return Solution(
        day,
        one,
        other,
        sum(p.objective for p in parts),
        sum(p.bound for p in parts),
        sum(p.bits for p in parts),
        prices,
        np.concatenate([NO_TEAMS, *(p.teams for p in parts)]),
    )


def _region(problem: Problem, everybody: Ints, seed: bytes, effort: int, workers: int, small: Limits) -> _Part:
    """One region: impossible visits aside, price, pair, construct, improve; where it is small, look for the best."""
    pinned = np.isin(everybody, list(problem.pins))
    chosen = everybody[possible(problem, everybody) | pinned]
    if not len(chosen):
        return _nothing(everybody, 0, np.zeros(len(everybody), np.int64))
    cells = np.unique(problem.cell[chosen])
    region = int(problem.region[chosen[0]])
    hours = region_hours(problem.crew, region, cells, np.unique(problem.minutes[chosen]), problem.team_size)
    priced = price(problem, chosen, hours, cells)
    spare = reduced(problem, chosen, cells, priced)
    hour_price = np.zeros(len(everybody), np.int64)
    hour_price[np.searchsorted(everybody, chosen)] = priced.cell[np.searchsorted(cells, problem.cell[chosen])]
    likely = spare * KEEP > -hour_price[np.searchsorted(everybody, chosen)] * problem.minutes[chosen]
    likely |= np.isin(chosen, list(problem.pins))
    worth = _worth(hours, cells, priced)

    def attempt(turn: int, pull: int) -> _Part:
        lottery = Lottery(problem.crew, hours, priced.team_days, worth, seed, list(problem.days), pull)
        _pin_teams(lottery, problem, everybody[pinned])
        cover(lottery, problem, chosen, spare)
        teams = lottery.result()
        if not len(teams.day):
            return _nothing(everybody, priced.bound, hour_price)
        bins = _assign(problem, chosen[likely], spare[likely], hours, teams, cells, priced, seed, effort, turn)
        return _part(problem, everybody, chosen[likely], bins, teams, priced.bound, hour_price)

    pulls = PULLS if len(chosen) <= SMALL else PULLS[:1]
    return _best_of_small(problem, chosen, _best_of(attempt, pulls, workers), seed, small)


def _best_of(attempt: Callable[[int, int], _Part], pulls: Sequence[int], workers: int) -> _Part:
    """The best of the tries, made side by side; the first that is near its bound ends the choice, so that neither the
    number of workers nor their speed decides."""
    with ThreadPoolExecutor(workers) as pool:
        tries = [pool.submit(attempt, turn, pull) for turn, pull in enumerate(pulls)]
        best = tries[0].result()
        for one in tries:
            best = max(best, one.result(), key=lambda part: part.objective)
            if best.bound - best.objective <= best.bound // NEAR:
                break
        pool.shutdown(wait=False, cancel_futures=True)
    return best


def _best_of_small(problem: Problem, chosen: Ints, part: _Part, seed: bytes, small: Limits) -> _Part:
    """The better of this plan and CP-SAT's. Other teams than the lottery's only where they are strictly better."""
    if part.objective == part.bound or not small.choices:
        return part
    hint = {int(v): (int(d), int(a), int(b))
            for v, d, a, b in zip(part.chosen, part.day, part.one, part.other, strict=True) if d >= 0}  # fmt: skip
    every = every_team(problem, int(problem.region[chosen[0]]), small)
    found = best_plan(problem, chosen, every, hint, seed, small) if len(every) else None
    if found is not None:
        part = replace(part, bound=min(part.bound, found.bound))
        return _better(problem, chosen, part, every, found.place, 0.0)
    found = best_plan(problem, chosen, part.teams, hint, seed, small)
    return part if found is None else _better(problem, chosen, part, part.teams, found.place, part.bits)


def _better(problem: Problem, chosen: Ints, part: _Part, teams: Ints, found: Ints, bits: float) -> _Part:
    """`part`, or the plan that seats `chosen` in rows `found` of `teams` where that is worth more."""
    value = objective_of(problem, chosen[found >= 0])
    if value <= part.objective:
        return part
    place = np.full(len(part.chosen), -1, np.int64)
    place[np.searchsorted(part.chosen, chosen)] = found
    day, one, other = (np.where(place >= 0, column[place], -1) for column in teams.T)
    formed = teams if teams is part.teams else teams[np.unique(found[found >= 0])]
    return replace(part, day=day, one=one, other=other, objective=value, bits=bits, teams=formed)


def _part(
    problem: Problem, everybody: Ints, likely: Ints, bins: Ints, teams: TeamDays, bound: int, hour_price: Ints
) -> _Part:
    place = np.full(len(everybody), -1, np.int64)
    place[np.searchsorted(everybody, likely)] = bins
    seated = place >= 0
    day, one, other = (np.where(seated, column[place], -1) for column in (teams.day, teams.one, teams.other))
    formed = np.stack([teams.day, teams.one, teams.other], axis=1)
    value = objective_of(problem, everybody[seated])
    return _Part(everybody, day, one, other, value, bound, teams.bits, hour_price, formed)


def _pin_teams(lottery: Lottery, problem: Problem, pinned: Ints) -> None:
    """The teams of visits that stand; PlanError when one can no longer meet or has lost its skill or district."""
    for visit in pinned:
        day, one, other = problem.pins[int(visit)]
        if (day, one, other) not in {(day, a, b) for _, a, b in lottery.teams[day]} or not lottery.is_fixed(day, one):
            if not lottery.can_meet(day, one, other):
                names = " and ".join(problem.crew.ids[p] for p in (one, other) if p >= 0)
                raise PlanError(
                    f"pinned visit {problem.ids[int(visit)]}: {names} cannot work together on {problem.days[day]}.",
                    remedy="release the visit, or plan again with replan",
                )
            lottery.fix(day, one, other)


def _seat_pins(
    problem: Problem, chosen: Ints, teams: TeamDays, items: kernel.Items, bins: kernel.Bins, rules: kernel.Rules,
    state: kernel.State,
) -> Bools:  # fmt: skip
    """Puts the visits that stand into their team-days; true for these."""
    fixed = np.zeros(len(chosen), dtype=np.bool_)
    if not problem.pins:
        return fixed
    place = {
        team: at
        for at, team in enumerate(zip(teams.day.tolist(), teams.one.tolist(), teams.other.tolist(), strict=True))
    }
    for at, visit in enumerate(chosen.tolist()):
        if visit in problem.pins:
            kernel.add(at, place[problem.pins[visit]], state, items, bins, rules)
            state.done[items.group[at]] += 1
            fixed[at] = True
    return fixed


def _nothing(chosen: Ints, bound: int, hour_price: Ints) -> _Part:
    nobody = np.full(len(chosen), -1, np.int64)
    return _Part(chosen, nobody, nobody, nobody, 0, bound, 0.0, hour_price, NO_TEAMS)


def objective_of(problem: Problem, scheduled: Ints) -> int:
    """Values of the scheduled visits, premiums up to the targets, costs beyond them."""
    done = np.bincount(problem.group[scheduled], minlength=len(problem.target))
    upto = np.minimum(done, problem.target)
    return int(problem.value[scheduled].sum() + (problem.premium * upto - problem.over * (done - upto)).sum())


def _worth(hours: Hours, cells: Ints, priced: Priced) -> Ints:
    """Micro-value of a team-day of each kind at the prices."""
    place = {int(name): at for at, name in enumerate(cells)}
    dearest = [max(int(priced.cell[place[int(cell)]]) for cell in kind.cells) for kind in hours.kinds]
    return np.array([k.minutes * price for k, price in zip(hours.kinds, dearest, strict=True)], dtype=np.int64)


def _assign(
    problem: Problem,
    chosen: Ints,
    spare: Ints,
    hours: Hours,
    teams: TeamDays,
    cells: Ints,
    priced: Priced,
    seed: bytes,
    effort: int,
    turn: int,
) -> Ints:
    """Team-day of each chosen visit or -1."""
    if not len(chosen) or not len(teams.day):
        return np.full(len(chosen), -1, np.int64)
    items, bins, rules = tables(problem, chosen, hours, teams, cells, priced)
    state = empty_state(len(chosen), bins, items, rules, len(problem.crew.ids), len(problem.target))
    fixed = _seat_pins(problem, chosen, teams, items, bins, rules, state)
    tie = keyed.numbers(seed, [problem.ids[j] for j in chosen])
    density = spare // problem.minutes[chosen]
    order = np.lexsort((tie, -density)).astype(np.int32)
    placed = kernel.construct(order, items, bins, rules, state)
    if placed + int(fixed.sum()) < len(chosen) and effort:
        key = np.uint64(keyed.number(seed, f"improve|{int(problem.region[chosen[0]])}" + f"|{turn}" * (turn > 0)))
        heat = int(np.abs(spare).mean() // MICRO) // 8 + 1
        steps = effort * len(chosen)
        kernel.improve(steps, key, heat, _cooling(heat, steps), items, bins, rules, state, fixed)
    return np.asarray(state.place, dtype=np.int64)


def _cooling(heat: int, steps: int) -> int:
    """Factor per 1,024 steps in 1/65,536 that ends near a temperature of 1/4; by bisection, without libm."""
    rounds = max(1, steps // 1024)
    low, high = 1, 65535
    while low < high:
        middle = (low + high + 1) // 2
        warm = heat << 16
        for _ in range(min(rounds, 4000)):
            warm = (warm >> 16) * middle + (((warm & 65535) * middle) >> 16)
        if warm > 1 << 14:
            high = middle - 1
        else:
            low = middle
    return low
