"""Hours of a region: classes of equal inspectors, the teams they can form, and how much a team-day holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from config.errors import PlanError
from models.inspection.crew import Bools, Crew, Ints


@dataclass(frozen=True)
class TeamKind:
    """Teams of one class (both members from it) or of two."""

    first: int  # class
    second: int  # class; -1: teams of one person
    minutes: int  # most visit minutes one day of it can hold
    most: int  # most such team-days in the period
    cells: Ints  # district * skills + skill, those it may visit


@dataclass(frozen=True)
class Hours:
    """Supply of one region."""

    members: tuple[Ints, ...]  # inspectors of each class
    present: Ints  # (classes, days)
    kinds: tuple[TeamKind, ...]
    most_teams: int  # over the period: everybody in at most one team a day
    team_size: int

    @property
    def class_days(self) -> Ints:
        return np.asarray(self.present.sum(axis=1), dtype=np.int64)


def region_hours(crew: Crew, region: int, cells: Ints, sizes: Ints, team_size: int) -> Hours:
    """Classes and team kinds of a region for the cells in demand; `sizes` = different visit minutes, ascending."""
    if team_size not in (1, 2):
        raise PlanError(f"team_size: {team_size} is not supported.", remedy="use 1 or 2")
    here = np.flatnonzero((crew.region == region) & (crew.minutes > 0) & crew.there.any(axis=1))
    members = _classes(crew, here)
    present = np.array([crew.there[group].sum(axis=0) for group in members], dtype=np.int64).reshape(-1, crew.days)
    wanted = np.zeros((crew.districts.shape[1], crew.skills.shape[1]), dtype=np.bool_)
    wanted.flat[cells] = True
    full: dict[int, int] = {}
    kinds = []
    for a, group in enumerate(members):
        for b in range(a, len(members)) if team_size == 2 else (-1,):
            kind = _kind(crew, (a, b), (group[0], members[b][0] if b >= 0 else group[0]), present, wanted, sizes, full)
            if kind is not None:
                kinds.append(kind)
    teams = present.sum(axis=0) // team_size
    return Hours(members, present, tuple(kinds), int(teams.sum()), team_size)


def _classes(crew: Crew, here: Ints) -> tuple[Ints, ...]:
    """Inspectors with the same districts, skills and minutes, in the order of their first member."""
    groups: dict[bytes, list[int]] = {}
    for person in here:
        key = np.packbits(crew.districts[person]).tobytes() + np.packbits(crew.skills[person]).tobytes()
        groups.setdefault(key + int(crew.minutes[person]).to_bytes(8, "big"), []).append(int(person))
    return tuple(np.array(group, dtype=np.int64) for group in groups.values())


def _kind(
    crew: Crew, pair: tuple[int, int], one_of_each: tuple[int, int], present: Ints, wanted: Bools, sizes: Ints,
    full: dict[int, int],
) -> TeamKind | None:  # fmt: skip
    """The kind of team of two classes; None when it can never meet or visit anybody."""
    a, b = pair
    one, other = one_of_each
    together = np.outer(crew.districts[one] & crew.districts[other], crew.skills[one] & crew.skills[other])
    cells = np.flatnonzero(together & wanted)
    if b < 0:
        most = int(present[a].sum())
    else:
        most = int((present[a] // 2).sum() if a == b else np.minimum(present[a], present[b]).sum())
    minutes = int(min(crew.minutes[one], crew.minutes[other]))
    if minutes not in full:
        full[minutes] = fullest(minutes, sizes)
    if not len(cells) or not most or not full[minutes]:
        return None
    return TeamKind(a, b, full[minutes], most, cells.astype(np.int64))


def fullest(minutes: int, sizes: Ints) -> int:
    """Largest sum of visit minutes that fits into a day (unbounded knapsack over reachable sums)."""
    reachable = 1
    for _ in range(minutes // max(1, int(sizes[0])) if len(sizes) else 0):
        wider = reachable
        for size in sizes:
            wider |= reachable << int(size)
        wider &= (1 << (minutes + 1)) - 1
        if wider == reachable:
            break
        reachable = wider
    return reachable.bit_length() - 1
