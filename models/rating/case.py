"""One enterprise, and copies of it that differ in the acts and lists that count: rated by the engine's own gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from config.in_force import Policy
from models.rating.facts import Facts
from models.rating.rubric import IntArray
from models.rating.scorecard import score
from models.rating.tier import band, final, held
from models.rating.ways import Way, heirs


@dataclass(frozen=True)
class Case:
    """One enterprise as the gates see it: `facts` has size 1."""

    facts: Facts
    linked: IntArray
    figures: IntArray  # milli-points by dimension that stay
    ranks: Callable[[Facts, IntArray], IntArray]
    rank: int


def ranks_after(case: Case, every: Sequence[Way], combinations: Sequence[tuple[int, ...]]) -> IntArray:
    """Rank after each combination of ways, by the engine's own gates: one virtual enterprise per combination."""
    facts, size = case.facts, len(combinations)
    now = facts.counted.height
    pool = pl.concat([facts.counted, heirs(every).select(facts.counted.columns)])
    keep = np.zeros((size, pool.height), dtype=np.bool_)
    keep[:, :now] = True
    place_of = {int(row): place for place, row in enumerate(facts.counted["row"].to_numpy())}
    heir_of = _heir_places(every, now)
    listed = {name: np.repeat(flags, size) for name, flags in facts.listed.items()}
    for number, chosen in enumerate(combinations):
        for place in chosen:
            way = every[place]
            if way.row < 0:
                listed[way.things[0].id][number] = False
                continue
            keep[number, place_of[way.row]] = False
            if way.heir is not None:
                keep[number, heir_of[place]] = True
    eidx, place_in_pool = np.nonzero(keep)
    acts = pool[place_in_pool].with_columns(eidx=pl.Series(eidx.astype(np.uint32)))
    return case.ranks(_copies(facts, acts, listed, size, case.figures), np.repeat(case.linked, size))


def _heir_places(every: Sequence[Way], first: int) -> dict[int, int]:
    """Place of each way's heir after the acts that count now."""
    with_heirs = [place for place, way in enumerate(every) if way.heir is not None]
    return {place: first + number for number, place in enumerate(with_heirs)}


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
