"""One enterprise, and copies of it that differ in the acts and lists that count: rated by the engine's own gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from config.in_force import Clause, Policy
from models.rating.facts import Facts
from models.rating.rubric import IntArray
from models.rating.scorecard import score
from models.rating.tier import band, final, held


@dataclass(frozen=True)
class Thing:
    """kind: repair | correct | leave_list. id: record_id or list id. row: place among the counted acts, −1 = list."""

    kind: str
    id: str
    possible_from: date
    needs: tuple[str, ...]
    clause: Clause
    row: int
    points: int  # milli-points that stop weighing
    dimension: int


@dataclass(frozen=True)
class Case:
    """One enterprise as the gates see it: `facts` has size 1 and its counted acts in the order of `things`' rows."""

    facts: Facts
    linked: IntArray
    figures: IntArray  # milli-points by dimension that stay
    ranks: Callable[[Facts, IntArray], IntArray]
    rank: int


def ranks_after(case: Case, every: list[Thing], combinations: Sequence[tuple[int, ...]]) -> IntArray:
    """Rank after each combination, by the engine's own gates: one virtual enterprise per combination."""
    facts, size = case.facts, len(combinations)
    counted = facts.counted
    keep = np.ones((size, counted.height), dtype=np.bool_)
    place_of = {int(row): place for place, row in enumerate(counted["row"].to_numpy())}
    listed = {name: np.repeat(flags, size) for name, flags in facts.listed.items()}
    for number, chosen in enumerate(combinations):
        for thing in (every[i] for i in chosen):
            if thing.kind == "leave_list":
                listed[thing.id][number] = False
            else:
                keep[number, place_of[thing.row]] = False
    eidx, place = np.nonzero(keep)
    acts = counted[place].with_columns(eidx=pl.Series(eidx.astype(np.uint32)))
    return case.ranks(_copies(facts, acts, listed, size, case.figures), np.repeat(case.linked, size))


def _copies(facts: Facts, acts: pl.DataFrame, listed: dict[str, np.ndarray], size: int, figures: IntArray) -> Facts:
    """`size` copies of a case, each with its own acts and lists; totals are worked out again."""
    rubric = facts.rubric
    width = len(rubric.dimensions)
    slot = acts["eidx"].to_numpy().astype(np.int64) * width + rubric.dimension[acts["cell"].to_numpy()]
    sums = np.bincount(slot, weights=acts["points"].to_numpy(), minlength=size * width).astype(np.int64)
    caps = [rubric.policy.scorecard.dimensions[name] for name in rubric.dimensions]
    within = np.clip(sums.reshape(size, width) + figures, [c.worst for c in caps], [c.best for c in caps])
    zeros = np.zeros(size, dtype=np.uint32)
    return Facts(
        rubric=rubric,
        size=size,
        today=np.repeat(facts.today, size),
        counted=acts,
        listed=listed,
        indicators={name: (np.repeat(v, size), np.repeat(k, size)) for name, (v, k) in facts.indicators.items()},
        registered=np.repeat(facts.registered, size),
        dimensions=within.astype(np.int64),
        score=zeros.astype(np.int64),
        elsewhere=_each(facts.elsewhere, size),
        held=_each(facts.held, size),
    )


def _each(frame: pl.DataFrame, size: int) -> pl.DataFrame:
    copies = pl.DataFrame({"copy": np.arange(size, dtype=np.uint32)})
    return frame.drop("eidx").join(copies, how="cross").rename({"copy": "eidx"})


def engine_ranks(policy: Policy, linked_rules: dict[str, bool]) -> Callable[[Facts, IntArray], IntArray]:
    """Ranks of copies as the engine gives them; linked_rules: link id → whether it holds."""

    def ranks(facts: Facts, linked: IntArray) -> IntArray:
        facts.score = score(facts.dimensions, linked, facts.rubric)
        holds = {name: np.full(facts.size, on) for name, on in linked_rules.items()}
        return final(band(facts.score, policy), held(policy, facts, holds), policy).astype(np.int64)

    return ranks
