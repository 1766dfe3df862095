"""Combinations of things that no other combination of as many things beats.

Things are taken dimension by dimension. A label keeps the points removed so far in the dimension at hand, the gain
within the caps of those done, and how much less each gate would count; sums beyond what a gate needs make no
difference, so few labels remain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from config.conditions import Acts, AmountOfActs, Condition, RatioOfActs
from config.in_force import Policy
from models.rating.case import Case, Thing
from models.rating.facts import MILLION, Facts, matching
from models.rating.rubric import IntArray
from models.rating.tier import rules

MOST_LABELS = 20_000  # combinations kept per number of things; beyond it the answer says it is not proven shortest


@dataclass(frozen=True)
class Label:
    """A combination: which things, points removed in the dimension at hand, gain so far, what gates count less."""

    chosen: tuple[int, ...]
    removed: int
    gain: int
    atoms: tuple[int, ...]


def combinations(case: Case, every: list[Thing], limit: int) -> tuple[dict[int, list[Label]], bool]:
    """Unbeaten combinations by number of things ≤ limit; whether any had to be cut off."""
    atoms = _atoms(case, every)
    order = sorted(range(len(every)), key=lambda i: (every[i].dimension, every[i].points, every[i].id))
    labels: dict[int, list[Label]] = {0: [Label((), 0, 0, (0,) * len(atoms.needs))]}
    cut, dimension = False, -1
    for place in order:
        thing = every[place]
        if thing.dimension != dimension:
            labels, dimension = _closed(labels, dimension, case), thing.dimension
        labels, over = _with(labels, place, thing, atoms, limit)
        cut |= over
    closed = _closed(labels, dimension, case)
    return {number: found for number, found in closed.items() if number}, cut


@dataclass(frozen=True)
class _Atoms:
    """Sums that gates ask for: how much each thing takes off each, how much is worth taking off.

    exact: sums of which more is not surely better, so that combinations differ by them.
    """

    weights: tuple[tuple[int, ...], ...]  # by thing
    needs: tuple[int, ...]
    exact: tuple[bool, ...]


def _with(
    labels: dict[int, list[Label]], place: int, thing: Thing, atoms: _Atoms, limit: int
) -> tuple[dict[int, list[Label]], bool]:
    """Every label with and without one more thing, unbeaten ones only."""
    found: dict[int, list[Label]] = {number: list(group) for number, group in labels.items()}
    for number, group in labels.items():
        if number >= limit:
            continue
        for label in group:
            counts = tuple(
                have + more if exact else min(have + more, need)
                for have, more, need, exact in zip(
                    label.atoms, atoms.weights[place], atoms.needs, atoms.exact, strict=True
                )
            )
            added = Label((*label.chosen, place), label.removed - thing.points, label.gain, counts)
            found.setdefault(number + 1, []).append(added)
    unbeaten = {number: _unbeaten(group, atoms.exact) for number, group in found.items()}
    cut = any(len(group) > MOST_LABELS for group in unbeaten.values())
    return {number: group[:MOST_LABELS] for number, group in unbeaten.items()}, cut


def _unbeaten(group: list[Label], exact: tuple[bool, ...]) -> list[Label]:
    """Labels that no other reaches in points removed, gain and every sum."""
    kept: list[Label] = []
    for label in sorted(group, key=lambda x: (-x.gain, -x.removed, tuple(-a for a in x.atoms), x.chosen)):
        if not any(_beats(other, label, exact) for other in kept):
            kept.append(label)
    return kept


def _beats(one: Label, other: Label, exact: tuple[bool, ...]) -> bool:
    return (
        one.gain >= other.gain
        and one.removed >= other.removed
        and all(a == b if same else a >= b for a, b, same in zip(one.atoms, other.atoms, exact, strict=True))
    )


def _closed(labels: dict[int, list[Label]], dimension: int, case: Case) -> dict[int, list[Label]]:
    """A dimension is done: points removed become gain within its caps."""
    if dimension < 0:
        return labels
    rubric = case.facts.rubric
    cap = rubric.policy.scorecard.dimensions[rubric.dimensions[dimension]]
    full = _sums(case.facts, case.figures)[dimension]

    def gain(removed: int) -> int:
        return int(np.clip(full + removed, cap.worst, cap.best) - np.clip(full, cap.worst, cap.best))

    return {
        number: [Label(x.chosen, 0, x.gain + gain(x.removed), x.atoms) for x in group]
        for number, group in labels.items()
    }


def _sums(facts: Facts, figures: IntArray) -> IntArray:
    """Uncapped milli-points by dimension of a case of size 1."""
    counted = facts.counted
    width = len(facts.rubric.dimensions)
    slot = facts.rubric.dimension[counted["cell"].to_numpy()]
    sums = np.bincount(slot, weights=counted["points"].to_numpy(), minlength=width)
    return sums.astype(np.int64) + figures


def _atoms(case: Case, every: list[Thing]) -> _Atoms:
    """What the gates count, as sums over things."""
    facts, rubric = case.facts, case.facts.rubric
    rows = {int(row): place for place, row in enumerate(facts.counted["row"].to_numpy())}
    columns: list[tuple[list[int], int, bool]] = []
    for condition, sure in _leaves(rubric.policy):
        for test in (condition.count, condition.amount, condition.ratio):
            if test is not None:
                weight, need = _weights(test, facts)
                columns.append(([int(weight[rows[t.row]]) if t.row >= 0 else 0 for t in every], need, not sure))
        if condition.points is not None and condition.points.dimension is not None:
            of = rubric.dimensions.index(condition.points.dimension)
            columns.append(([-t.points if t.dimension == of else 0 for t in every], 1 << 60, not sure))
    for name in sorted({t.id for t in every if t.kind == "leave_list"}):
        sure = all(flag for condition, flag in _leaves(rubric.policy) if condition.listed == name)
        columns.append(([int(t.id == name and t.kind == "leave_list") for t in every], 1, not sure))
    weights = tuple(tuple(column[i] for column, _, _ in columns) for i in range(len(every)))
    return _Atoms(weights, tuple(need for _, need, _ in columns), tuple(exact for _, _, exact in columns))


def _weights(test: Acts, facts: Facts) -> tuple[IntArray, int]:
    """What each counted act adds to a test's sum, and how much less of it makes no further difference."""
    chosen = matching(test, facts).astype(np.int64)
    if isinstance(test, AmountOfActs):
        amount = facts.counted["amount"].fill_null(0).to_numpy()
        weight = chosen * (amount > test.over if test.each else amount)
        return weight.astype(np.int64), max(int(weight.sum()) - (test.at_least - 1 if test.each else test.over), 0)
    if isinstance(test, RatioOfActs):
        value, known = facts.indicators.get(test.per, (np.zeros(1, np.int64), np.zeros(1, np.bool_)))
        allowed = int(test.over_per_million * value[0] // MILLION) if known[0] else 0
        return chosen, max(int(chosen.sum()) - allowed, 0)
    return chosen, max(int(chosen.sum()) - (getattr(test, "at_least", 1) - 1), 0)


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
