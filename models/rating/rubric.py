"""What an act weighs at every age: the policy's catalogue, terms and decay folded into tables.

A table row is a *cell* = item × 3 + severity; its columns are ages in days from 0 to `horizon`, after which
nothing changes any more. Points are integer thousandths, truncated towards zero after decay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from config.conditions import Acts, Condition, Severity
from config.errors import PolicyError
from config.in_force import Item, Policy
from config.pack import TermForm

FOREVER = 1 << 28  # days; "never", and small enough to add to a date in 32 bits
SEVERITIES = tuple(Severity)
IntArray = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def share(points: int, per_mille: int) -> int:
    """`per_mille` of the milli-points, truncated towards zero (the same for good and bad acts)."""
    part = abs(points) * per_mille // 1000
    return part if points >= 0 else -part


def nested(condition: Condition) -> Iterator[Condition]:
    """A condition and everything nested in it."""
    yield condition
    for group in (condition.all, condition.any, condition.none):
        for inner in group or ():
            yield from nested(inner)


def acts_of(policy: Policy) -> Iterator[Acts]:
    """Every set of acts that a gate counts."""
    for gate in policy.gates:
        for condition in nested(gate.when):
            for acts in (condition.count, condition.amount, condition.ratio):
                if acts is not None:
                    yield acts


@dataclass(frozen=True)
class Term:
    """How long an act of one cell counts; days since the act, FOREVER where there is no end."""

    hidden: bool
    min_days: int
    max_days: int
    repairable: bool
    until_measure_ends: bool  # as long as the measure lasts (no maximum), or longer than the maximum if it does
    until_corrected: bool

    @property
    def by_age(self) -> bool:
        """Whether age alone says when the act stops counting."""
        return not (self.until_measure_ends or self.until_corrected)


ABSENT = Term(True, 0, 0, False, False, False)


def term_of(form: TermForm) -> Term:
    """A pack's term with "no maximum" made explicit."""
    return Term(
        hidden=form.hidden,
        min_days=form.min_days,
        max_days=FOREVER if form.max_days is None else form.max_days,
        repairable=form.repairable,
        until_measure_ends=form.max_days is None or form.longer_with_measure,
        until_corrected=form.until_corrected,
    )


@dataclass(frozen=True)
class Rubric:
    """Tables over cells for the item codes of one set of records."""

    policy: Policy
    codes: tuple[str, ...]  # item codes as numbered in the records
    dimensions: tuple[str, ...]
    horizon: int
    terms: tuple[Term, ...]  # by cell
    points: pl.Series  # Int32, cell × (horizon + 1) + age → milli-points
    change: pl.Series  # Int32, likewise → days until the act weighs or counts differently; 0 = counts no more
    dimension: npt.NDArray[np.uint8]  # by cell, those of figures after those of items
    act_class: npt.NDArray[np.uint16]  # by cell

    @property
    def width(self) -> int:
        return self.horizon + 1


def cells_of(acts: Acts, policy: Policy, codes: tuple[str, ...]) -> Flags:
    """Cells that a gate's set of acts names; without items, every item whose points are not a bonus."""
    picked = np.zeros(3 * len(codes), dtype=np.bool_)
    for index, code in enumerate(codes):
        item = policy.items.get(code)
        if item is None or not _named(acts, item):
            continue
        for offset, severity in enumerate(SEVERITIES):
            graded = not acts.severities or severity in acts.severities
            good = not acts.items and item.points.get(severity, 0) > 0
            picked[3 * index + offset] = graded and not good
    return picked


def _named(acts: Acts, item: Item) -> bool:
    return (not acts.items or item.code in acts.items) and (not acts.dimensions or item.dimension in acts.dimensions)


def figure_cells(policy: Policy, codes: tuple[str, ...]) -> dict[str, int]:
    """Cells after those of the items, one for each figure of the pack."""
    return {figure.id: 3 * len(codes) + place for place, figure in enumerate(policy.figures)}


def compile_rubric(policy: Policy, codes: tuple[str, ...]) -> Rubric:
    """Tables for these item codes; PolicyError where an item has points but no term for a severity."""
    terms = tuple(_term(policy, code, severity) for code in codes for severity in SEVERITIES)
    windows = _windows(policy, codes)
    breaks = [
        _breaks(policy, policy.items.get(code), term, windows[cell])
        for cell, (code, term) in enumerate(zip(np.repeat(codes, 3), terms, strict=True))
    ]
    horizon = max((days[-1] for days in breaks if days), default=0)
    points = np.zeros((len(terms), horizon + 1), dtype=np.int32)
    change = np.zeros((len(terms), horizon + 1), dtype=np.int32)
    for cell, term in enumerate(terms):
        if not term.hidden:
            item = policy.items[codes[cell // 3]]
            points[cell] = _points(policy, item, SEVERITIES[cell % 3], horizon)
            change[cell] = _change(breaks[cell], term, horizon)
    dimensions = tuple(policy.scorecard.dimensions)
    classes = {name: number for number, name in enumerate(sorted({item.act_class for item in policy.items.values()}))}
    found = [policy.items.get(codes[cell // 3]) for cell in range(len(terms))]
    return Rubric(
        policy=policy,
        codes=codes,
        dimensions=dimensions,
        horizon=horizon,
        terms=terms,
        points=pl.Series(points.ravel()),
        change=pl.Series(change.ravel()),
        dimension=np.array(
            [dimensions.index(i.dimension) if i else 0 for i in (*found, *policy.figures)], dtype=np.uint8
        ),
        act_class=np.array([classes[i.act_class] if i else len(classes) for i in found], dtype=np.uint16),
    )


def _term(policy: Policy, code: str, severity: Severity) -> Term:
    item = policy.items.get(code)
    if item is None:
        return ABSENT  # not in the catalogue on this day
    form = item.display.get(severity)
    if form is None:
        if severity not in item.points:
            return ABSENT
        raise PolicyError(
            f"{policy.pack}: catalogue.{code}: no display term for {severity} acts on {policy.as_of}.",
            remedy="add the severity to redress.display or to the item's display",
        )
    return term_of(form)


def _windows(policy: Policy, codes: tuple[str, ...]) -> list[set[int]]:
    """By cell: first ages at which an act has left the window of some gate that counts it."""
    windows: list[set[int]] = [set() for _ in range(3 * len(codes))]
    for acts in acts_of(policy):
        if acts.within_days is not None:
            for cell in np.flatnonzero(cells_of(acts, policy, codes)):
                windows[cell].add(acts.within_days + 1)
    return windows


def _steps(policy: Policy, item: Item) -> tuple[tuple[int, int], ...]:
    return policy.scorecard.decay[item.decay].steps if item.decay is not None else ((0, 1000),)


def _breaks(policy: Policy, item: Item | None, term: Term, windows: set[int]) -> list[int]:
    """Ages, ascending, on which an act of this cell weighs or counts differently from the day before."""
    if item is None or term.hidden:
        return []
    days = {start for start, _ in _steps(policy, item) if start > 0} | windows
    if term.by_age and term.max_days < FOREVER:
        days = {day for day in days if day <= term.max_days} | {term.max_days + 1}
    return sorted(days)


def _points(policy: Policy, item: Item, severity: Severity, horizon: int) -> npt.NDArray[np.int32]:
    full = item.points.get(severity, 0)
    row = np.full(horizon + 1, full, dtype=np.int32)
    for start, per_mille in _steps(policy, item):
        row[start:] = share(full, per_mille)
    return row


def _change(breaks: list[int], term: Term, horizon: int) -> npt.NDArray[np.int32]:
    ages = np.arange(horizon + 1)
    padded = np.array([*breaks, FOREVER], dtype=np.int64)
    row = padded[np.searchsorted(breaks, ages, side="right")] - ages
    row[row > FOREVER // 2] = FOREVER
    if term.by_age:
        row[ages > term.max_days] = 0
    return row.astype(np.int32)
