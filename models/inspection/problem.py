"""The problem of the roster: which visits, when, by whom. Plain arrays; made by make.py, the bench and the tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.inspection.crew import Crew, Ints

Index = Ints
NO_TEAMS = np.zeros((0, 3), dtype=np.int64)


@dataclass(frozen=True)
class Problem:
    """Visits as arrays of one length, in any order; ids give ties an order that positions do not.

    value: worth of a visit; group: index into `target`, -1 is not allowed. Days are indices of working days.
    """

    ids: tuple[str, ...]
    value: Ints
    minutes: Ints
    district: Ints
    skill: Ints
    group: Ints
    first: Ints
    last: Ints
    clash_start: Ints  # (n + 1)
    clash: Ints  # inspectors that may not go there
    crew: Crew
    days: tuple[str, ...]  # names of the working days, ISO
    premium: Ints  # per group: for each visit up to the target
    target: Ints
    over: Ints  # per group: cost of each visit beyond the target
    travel_minutes: int
    team_size: int
    pins: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # visit → (day, one, other) that stands
    district_names: tuple[str, ...] = ()
    skill_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.ids)
        for name in ("value", "minutes", "district", "skill", "group", "first", "last"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"Expected {n} entries in {name}, got {len(getattr(self, name))}")
        if n and int(self.minutes.min()) <= 0:
            raise ValueError("Expected minutes > 0")

    @property
    def cell(self) -> Ints:
        """district * skills + skill of each visit."""
        return np.asarray(self.district * self.crew.skills.shape[1] + self.skill, dtype=np.int64)

    @property
    def region(self) -> Ints:
        """Region of each visit."""
        return np.asarray(self.crew.district_region[self.district], dtype=np.int64)


@dataclass(frozen=True)
class Solution:
    """team-day of each visit (day, one, other), -1 where it is not scheduled; objective ≤ bound."""

    day: Ints
    one: Ints
    other: Ints
    objective: int
    bound: int
    bits: float
    price: Ints  # micro-value of a team-minute for each visit's cell
    teams: Ints = field(default_factory=lambda: NO_TEAMS)  # every team-day formed: day, one, other

    @property
    def proven(self) -> bool:
        """Nobody could schedule more value in these hours, whoever pairs with whom."""
        return self.objective == self.bound
