"""What a planner puts in and gets back: three plain things, PlanInput, Operations, Plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy

QUOTA = pl.Schema(
    {
        "tier": pl.String,
        "region": pl.String,
        "enterprises": pl.Int64,  # rated and active
        "eligible": pl.Int64,  # of these, neither cap nor interval forbids a visit in the period
        "wanted": pl.Int64,  # visits the policy asks for in the period; a tier's sum is rounded up once
        "quota": pl.Int64,  # visits the hours allow, by the LP
        "planned": pl.Int64,
        "planned_must": pl.Int64,
        "planned_statutory": pl.Int64,
        "planned_random": pl.Int64,
        "planned_directed": pl.Int64,
        "rate_wanted": pl.Int64,  # per mille of enterprises in the period
        "rate_planned": pl.Int64,
        "minutes_planned": pl.Int64,  # person-minutes, all inspectors
        "minutes_capacity": pl.Int64,  # person-minutes of the region's inspectors; shared by tiers (and districts)
    }
)
"""One row per tier and region."""


@dataclass(frozen=True)
class Operations:
    """How the office works; none of it is law, all of it is stated in the plan."""

    travel_minutes: int = 30  # of a team-day, for the second district of the day
    holidays: str | None = None  # calendar of the holidays library; None: the policy's
    weekend: tuple[int, ...] = (5, 6)  # Monday = 0
    headroom_per_mille: int = 40  # hours kept free of quotas so that the drawn list can be scheduled
    effort: int = 300  # improvement steps per candidate visit
    exact_choices: int = 4000  # a region with at most so many (visit, team-day) pairs also goes through CP-SAT
    exact_work: int = 500  # thousandths of its deterministic time there; 0: never
    workers: int = 1  # threads over regions; the plan does not depend on it

    def __post_init__(self) -> None:
        if self.travel_minutes < 0:
            raise ValueError(f"Expected travel_minutes >= 0, got {self.travel_minutes}")
        if not 0 <= self.headroom_per_mille < 1000:
            raise ValueError(f"Expected headroom_per_mille in [0, 1000), got {self.headroom_per_mille}")
        if self.exact_choices < 0 or self.exact_work < 0:
            raise ValueError(f"Expected exact_* >= 0, got {self.exact_choices}, {self.exact_work}")
        if self.effort < 0 or self.workers < 1:
            raise ValueError(f"Expected effort >= 0 and workers >= 1, got {self.effort}, {self.workers}")


@dataclass(frozen=True)
class PlanInput:
    """Everything a plan depends on. Frames as models.records; days inclusive; `seed` is secret until published."""

    ratings: pl.DataFrame
    enterprises: pl.DataFrame
    visits: pl.DataFrame  # that took place
    inspectors: pl.DataFrame
    absences: pl.DataFrame
    conflicts: pl.DataFrame
    must_visits: pl.DataFrame
    policy: Policy
    period_from: date
    period_to: date
    seed: bytes
    pinned: pl.DataFrame | None = None  # PLAN_VISITS already fixed: kept to the letter
    operations: Operations = field(default_factory=Operations)


@dataclass(frozen=True)
class DrawPublication:
    """What is published so that anyone can replay the draw; see docs/draw.md.

    `strata`: one row per stratum (stratum, tier, region, industry, firms, quota, drawn).
    `pool`: one row per firm in the pool (enterprise_id, stratum, measure, probability, number, drawn).
    """

    commitment: str  # sha256 of the seed, published before the draw
    seed: str  # hex, published after
    mode: str  # random | directed | mixed
    pool_hash: str  # sha256 over the sorted pool
    strata: pl.DataFrame
    pool: pl.DataFrame
    price: Mapping[str, int]  # risk covered by the draw, by a directed and a uniform choice of as many


@dataclass(frozen=True)
class Plan:
    """The plan of one period. `objective` ≤ `bound`: risk value scheduled, and the most anyone could schedule."""

    visits: pl.DataFrame  # PLAN_VISITS
    left_out: pl.DataFrame  # PLAN_LEFT_OUT
    quota: pl.DataFrame  # QUOTA
    draw: DrawPublication
    objective: int
    bound: int
    period_from: date
    period_to: date
    notes: tuple[str, ...] = ()
    lottery_bits: float = 0.0  # entropy of the assignment of inspectors to teams
    prices: pl.DataFrame = field(default_factory=pl.DataFrame)  # of an hour more, by region and skill
    figures: Mapping[str, Any] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Writes the folder that `load_plan`, `violations` and `verify_draw` read; it is what gets published."""
        from models.inspection.plan_files import save_plan

        save_plan(self, folder)
