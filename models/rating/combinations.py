"""Combinations of ways that no other combination of as many things beats.

Acts are taken one after the other, those of one dimension together. A label keeps the points gained so far in the
dimensions at hand, the gain within the caps of those done, and how much less each gate would count; sums beyond what a
gate needs make no difference, so few labels remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from config.conditions import Acts, AmountOfActs, Condition, RatioOfActs
from config.in_force import Policy
from models.rating.case import Case
from models.rating.facts import MILLION, Facts, matching
from models.rating.rubric import Flags, IntArray, cells_of
from models.rating.tier import rules
from models.rating.ways import Way

MOST_LABELS = 20_000  # combinations kept per number of things; beyond it the answer says it is not proven shortest


@dataclass(frozen=True)
class Label:
    """A combination: which ways, points gained in the dimensions at hand, gain within the caps of those done, what
    gates count less."""

    chosen: tuple[int, ...]
    gained: tuple[int, ...]
    done: int
    atoms: tuple[int, ...]

    @property
    def total(self) -> int:
        """Milli-points gained."""
        return self.done + sum(self.gained)


@dataclass(frozen=True)
class _Atoms:
    """Sums that gates ask for: how much each way takes off each, how much is worth taking off.

    exact: sums of which more is not surely better, so that combinations differ by them.
    """

    weights: tuple[tuple[int, ...], ...]  # by way
    needs: tuple[int, ...]
    exact: tuple[bool, ...]


def combinations(case: Case, every: Sequence[Way], limit: int) -> tuple[dict[int, list[Label]], bool]:
    """Unbeaten combinations by number of things ≤ limit; whether any had to be cut off."""
    atoms = _atoms(case, every)
    width = len(case.facts.rubric.dimensions)
    touched = {
        way.act: sorted({dim for each in every if each.act == way.act for dim in _touched(each)}) for way in every
    }
    order = sorted(range(len(every)), key=lambda i: (touched[every[i].act], every[i].act, i))
    groups = [list(places) for _, places in groupby(order, key=lambda i: every[i].act)]
    labels: dict[int, list[Label]] = {0: [Label((), (0,) * width, 0, (0,) * len(atoms.needs))]}
    cut = False
    for number, places in enumerate(groups):
        labels, over = _with(labels, places, every, atoms, limit)
        cut |= over
        ahead = {dim for later in groups[number + 1 :] for i in later for dim in _touched(every[i])}
        ended = {dim for i in places for dim in _touched(every[i])} - ahead
        labels = _closed(labels, ended, case) if ended else labels
    return {number: found for number, found in labels.items() if number}, cut


def unbounded(case: Case, every: Sequence[Way]) -> bool:
    """Whether doing more may be worse than doing less: some gate looks for what a way takes away."""
    return any(_atoms(case, every).exact)


def _touched(way: Way) -> tuple[int, ...]:
    """Dimensions in which a way changes points."""
    return tuple(place for place, gain in enumerate(way.gains) if gain)


def _with(
    labels: dict[int, list[Label]], places: Sequence[int], every: Sequence[Way], atoms: _Atoms, limit: int
) -> tuple[dict[int, list[Label]], bool]:
    """Every label without the act and with each way of it, unbeaten ones only."""
    found: dict[int, list[Label]] = {number: list(group) for number, group in labels.items()}
    for number, group in labels.items():
        for place in places:
            more = number + len(every[place].things)
            if more <= limit:
                found.setdefault(more, []).extend(_added(label, place, every[place], atoms) for label in group)
    unbeaten = {number: _unbeaten(group, atoms.exact) for number, group in found.items()}
    cut = any(len(group) > MOST_LABELS for group in unbeaten.values())
    return {number: group[:MOST_LABELS] for number, group in unbeaten.items()}, cut


def _added(label: Label, place: int, way: Way, atoms: _Atoms) -> Label:
    counts = tuple(
        have + more if exact else min(have + more, need)
        for have, more, need, exact in zip(label.atoms, atoms.weights[place], atoms.needs, atoms.exact, strict=True)
    )
    gained = tuple(have + gain for have, gain in zip(label.gained, way.gains, strict=True))
    return Label((*label.chosen, place), gained, label.done, counts)


def _unbeaten(group: list[Label], exact: tuple[bool, ...]) -> list[Label]:
    """Labels that no other reaches in points gained and every sum."""
    kept: list[Label] = []
    for label in sorted(group, key=lambda x: (-x.total, tuple(-a for a in x.atoms), x.chosen)):
        if not any(_beats(other, label, exact) for other in kept):
            kept.append(label)
    return kept


def _beats(one: Label, other: Label, exact: tuple[bool, ...]) -> bool:
    return (
        one.done >= other.done
        and all(a >= b for a, b in zip(one.gained, other.gained, strict=True))
        and all(a == b if same else a >= b for a, b, same in zip(one.atoms, other.atoms, exact, strict=True))
    )


def _closed(labels: dict[int, list[Label]], ended: set[int], case: Case) -> dict[int, list[Label]]:
    """Dimensions are done: points gained there become gain within their caps."""
    rubric = case.facts.rubric
    caps = [rubric.policy.scorecard.dimensions[name] for name in rubric.dimensions]
    full = _sums(case.facts, case.figures)

    def gain(place: int, gained: int) -> int:
        cap = caps[place]
        within = np.clip([full[place] + gained, full[place]], cap.worst, cap.best)
        return int(within[0] - within[1])

    def closed(label: Label) -> Label:
        open_ones = tuple(0 if place in ended else more for place, more in enumerate(label.gained))
        return Label(
            label.chosen, open_ones, label.done + sum(gain(dim, label.gained[dim]) for dim in ended), label.atoms
        )

    return {number: [closed(label) for label in group] for number, group in labels.items()}


def _sums(facts: Facts, figures: IntArray) -> IntArray:
    """Uncapped milli-points by dimension of a case of size 1."""
    counted = facts.counted
    width = len(facts.rubric.dimensions)
    slot = facts.rubric.dimension[counted["cell"].to_numpy()]
    sums = np.bincount(slot, weights=counted["points"].to_numpy(), minlength=width)
    return sums.astype(np.int64) + figures


def _atoms(case: Case, every: Sequence[Way]) -> _Atoms:
    """What the gates count, as sums over ways; a sum that some way makes larger is kept exact."""
    facts, rubric = case.facts, case.facts.rubric
    columns: list[tuple[list[int], int, bool]] = []
    for condition, sure in _leaves(rubric.policy):
        for test in (condition.count, condition.amount, condition.ratio):
            if test is not None:
                weights, need = _weights(test, facts, every)
                columns.append((weights, need, not sure or min(weights, default=0) < 0))
        if condition.points is not None and condition.points.dimension is not None:
            of = rubric.dimensions.index(condition.points.dimension)
            columns.append(([way.gains[of] for way in every], 1 << 60, not sure))
    left = {way.things[0].id for way in every if way.row < 0}
    for name in sorted(left):
        sure = all(flag for condition, flag in _leaves(rubric.policy) if condition.listed == name)
        columns.append(([int(way.row < 0 and way.things[0].id == name) for way in every], 1, not sure))
    by_way = tuple(tuple(column[i] for column, _, _ in columns) for i in range(len(every)))
    return _Atoms(by_way, tuple(need for _, need, _ in columns), tuple(exact for _, _, exact in columns))


def _weights(test: Acts, facts: Facts, every: Sequence[Way]) -> tuple[list[int], int]:
    """How much less each way makes a test's sum, and how much less of it makes no further difference."""
    counted = facts.counted
    amounts = counted["amount"].fill_null(0).to_list() if "amount" in counted.columns else [0] * counted.height
    cells = cells_of(test, facts.rubric.policy, facts.rubric.codes)
    now = [int(chosen) * _worth(test, amount) for chosen, amount in zip(matching(test, facts), amounts, strict=True)]
    place = {int(row): number for number, row in enumerate(counted["row"].to_numpy())}
    weights = [0 if way.row < 0 else now[place[way.row]] - _of_heir(test, way, cells) for way in every]
    if isinstance(test, RatioOfActs):
        value, known = facts.indicators.get(test.per, (np.zeros(1, np.int64), np.zeros(1, np.bool_)))
        allowed = int(test.over_per_million * value[0] // MILLION) if known[0] else 0
        return weights, max(sum(now) - allowed, 0)
    if isinstance(test, AmountOfActs):
        return weights, max(sum(now) - (test.at_least - 1 if test.each else test.over), 0)
    return weights, max(sum(now) - (getattr(test, "at_least", 1) - 1), 0)


def _of_heir(test: Acts, way: Way, cells: Flags) -> int:
    """What the report that would count instead adds to a test's sum."""
    heir = way.heir
    if heir is None or not cells[heir["cell"]] or (test.within_days is not None and heir["age"] > test.within_days):
        return 0
    return _worth(test, heir["amount"] or 0)


def _worth(test: Acts, amount: int) -> int:
    if isinstance(test, AmountOfActs):
        return int(amount > test.over) if test.each else amount
    return 1


def _leaves(policy: Policy) -> Iterator[tuple[Condition, bool]]:
    """Every plain condition of the gates, and whether less of what it counts is surely no disadvantage."""
    for rule in rules(policy):
        if rule.gate is not None:
            for condition, upright in _signed(rule.gate.when, True):
                sure = rule.effect != "exactly" and upright == (rule.effect == "ceiling")
                yield condition, sure


def _signed(condition: Condition, upright: bool) -> Iterator[tuple[Condition, bool]]:
    if condition.all is None and condition.any is None and condition.none is None:
        yield condition, upright
    for inner in (*(condition.all or ()), *(condition.any or ())):
        yield from _signed(inner, upright)
    for inner in condition.none or ():
        yield from _signed(inner, not upright)
