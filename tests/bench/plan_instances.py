"""Instances of the roster's problem at any size, from a seed: regions of at most ten thousand firms, a district per
thousand.

Calibration as in the domain file: tier mix of Dandong; a month of 20 working days; hours for about a third of the
risk; every inspector has a home district and a neighbouring one, and three to five of eight licences.
"""

from __future__ import annotations

import numpy as np

from models.inspection.crew import Crew
from models.inspection.problem import Problem

SIZES = {"1k": 1_000, "10k": 10_000, "100k": 100_000, "1m": 1_000_000}
REGION, DISTRICT = 10_000, 1_000  # firms
SKILLS, DAYS = 8, 20
INSPECTORS_PER_THOUSAND = 8
TIERS = (0.654, 0.253, 0.078, 0.015)
PREMIUM = (400, 800, 1500, 12_000)
RATE = (20, 50, 500, 1000)  # per mille wanted by tier
MINUTES = (60, 90, 120, 240)


def instance(n: int, seed: int) -> Problem:
    """n firms; the same for the same seed on every machine (PCG64)."""
    chance = np.random.Generator(np.random.PCG64([n, seed]))
    regions = max(1, n // REGION)
    size = n // regions
    districts = max(1, size // DISTRICT)
    district = np.repeat(np.arange(regions), size) * districts + chance.integers(0, districts, regions * size)
    n = regions * size
    tier = chance.choice(4, n, p=TIERS)
    minutes = np.array(MINUTES)[chance.choice(4, n, p=(0.45, 0.3, 0.18, 0.07))]
    risk = np.minimum(1000, 20 + chance.gamma(1.5, 60 * (1 + tier), n)).astype(np.int64)
    recency = chance.integers(1000, 2001, n)
    first = np.where(chance.random(n) < 0.1, chance.integers(0, DAYS // 2, n), 0)
    crew = _crew(chance, regions, districts, size)
    start, clash = _clashes(chance, n, district // districts, crew)
    group = (district // districts) * 4 + tier
    target = np.bincount(group, minlength=regions * 4) * np.tile(RATE, regions) // 1000
    return Problem(
        ids=tuple(f"b:{at:07d}" for at in range(n)), value=1 + risk * minutes * recency // 100_000, minutes=minutes,
        district=district, skill=chance.integers(0, SKILLS, n), group=group, first=first,
        last=np.full(n, DAYS - 1), clash_start=start, clash=clash, crew=crew,
        days=tuple(f"day{at:02d}" for at in range(DAYS)), premium=np.tile(PREMIUM, regions).astype(np.int64),
        target=target, over=np.zeros(regions * 4, np.int64), travel_minutes=30, team_size=2,
    )  # fmt: skip


def _crew(chance: np.random.Generator, regions: int, around: int, firms: int) -> Crew:
    each = max(4, firms * INSPECTORS_PER_THOUSAND // 1000)
    people = regions * each
    home = np.tile(np.arange(each) % around, regions)
    districts = np.zeros((people, regions * around), np.bool_)
    base = np.repeat(np.arange(regions), each) * around
    rows = np.arange(people)
    districts[rows, base + home] = True
    districts[rows, base + (home + 1) % around] = True
    skills = chance.random((people, SKILLS)).argsort(axis=1) < chance.integers(3, 6, people)[:, None]
    there = chance.random((people, DAYS)) < 0.92
    return Crew(
        tuple(f"i{at:06d}" for at in range(people)), districts, skills,
        np.where(chance.random(people) < 0.85, 420, 360).astype(np.int64), there,
        np.repeat(np.arange(regions), each), np.repeat(np.arange(regions), around),
    )  # fmt: skip


def _clashes(chance: np.random.Generator, n: int, region: np.ndarray, crew: Crew) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """One firm in twenty has an inspector of its region who may not go there."""
    count = (chance.random(n) < 0.05).astype(np.int64)
    each = len(crew.ids) // (int(region.max()) + 1)
    someone = region * each + chance.integers(0, each, n)
    return np.concatenate([[0], np.cumsum(count)]), someone[count > 0]
