"""What an order of visits is worth on Chicago's past windows: the same due list, the same visits a team made each day.

A visit is re-ordered only: every team makes on every day as many visits as it really did (`kept`). Two settings: any
team may take any visit; each team keeps its own visits (nothing is won by choosing who inspects). With the number of
visits a day fixed, riskiest first is the best schedule there is (rearrangement), so no solver is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from config.policy import load_policy
from models.backtest.measures import untied
from models.backtest.origins import known_before, origins
from models.backtest.outcomes import in_window, outcomes
from models.inspection import keyed
from models.intake import intake, load_source
from models.rating import rate

FIRST, LAST, EVERY = date(2012, 9, 1), date(2014, 8, 31), 60
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Due:
    """Visits of one window: arrays of one length. slot: (team, day) that was really used."""

    origin: date
    team: npt.NDArray[np.object_]
    day: Floats
    found: npt.NDArray[np.bool_]
    risk: Floats  # minus the score
    tier: Floats  # rank, worst highest
    names: tuple[str, ...]


def windows(data: Path, first: date = FIRST) -> list[Due]:
    """The windows from `first` on (twelve in all), each rated with what was known on its eve."""
    source = load_source("chicago").model_copy(update={"rejection_limit_per_mille": 1000})
    book = load_policy("food-chicago")
    form = book.form.outcome
    assert form is not None
    found = []
    for start in origins(first, LAST, EVERY):
        end = start + timedelta(days=EVERY)
        before, after = (
            intake(source, data, secret=b"w" * 32, policy=book.at(day), as_of=day).tables for day in (start, end)
        )
        policy = book.at(start)
        rows = in_window(outcomes(after, form), start, end)
        found.append(due(rows, rate(known_before(before, start), policy), [tier.id for tier in policy.tiers], start))
    return found


def due(rows: pl.DataFrame, ratings: pl.DataFrame, tiers: list[str], origin: date) -> Due:
    """OUTCOMES of a window and the ratings of its eve → arrays, in order of visit_id."""
    both = rows.join(ratings.select("enterprise_id", "score", "tier"), on="enterprise_id").sort("visit_id")
    rank = {tier: at for at, tier in enumerate(tiers)}
    return Due(
        origin,
        both["team"].to_numpy().astype(object),
        (both["visit_date"] - origin).dt.total_days().to_numpy().astype(np.float64),
        both["found"].to_numpy().astype(np.bool_),
        -both["score"].to_numpy().astype(np.float64),
        np.array([rank[tier] for tier in both["tier"]], dtype=np.float64),
        tuple(both["visit_id"]),
    )


def with_team(given: Due) -> Due:
    """Only the visits whose team is known: the files name none after 2014-04-16, and nobody is no team."""
    known = given.team != ""
    names = tuple(name for name, keep in zip(given.names, known, strict=True) if keep)
    arrays = (getattr(given, name)[known] for name in ("team", "day", "found", "risk", "tier"))
    return Due(given.origin, *arrays, names)


def rescheduled(given: Due, order: Floats, *, own_team: bool) -> tuple[Floats, npt.NDArray[np.object_]]:
    """New day and team of each visit, highest `order` (free of ties) first into the slots that were really used."""
    day, team = np.empty_like(given.day), np.empty_like(given.team)
    groups = [given.team == name for name in sorted(set(given.team))] if own_team else [np.ones(len(day), np.bool_)]
    for inside in groups:
        places = np.flatnonzero(inside)
        slots = places[np.lexsort((given.team[places].astype(str), given.day[places]))]
        visits = places[np.argsort(-order[places], kind="stable")]
        day[visits], team[visits] = given.day[slots], given.team[slots]
    return day, team


def kept(given: Due, day: Floats, team: npt.NDArray[np.object_]) -> bool:
    """Every team makes on every day as many visits as it really did."""
    return sorted(zip(team, day, strict=True)) == sorted(zip(given.team, given.day, strict=True))


def earlier(given: Due, seeds: int = 3, *, own_team: bool) -> dict[str, float]:
    """Mean days by which our schedule finds violations earlier than greedy by tier, a random order, the actual one.

    Ties by keyed hash, mean of so many seeds; chance also by hash, 20 lots a seed.
    """
    gained: dict[str, list[float]] = {"greedy by tier": [], "random": [], "actual": []}
    for seed in range(seeds):
        lots = keyed.numbers(f"worth {seed}".encode(), given.names)
        ours = _when(given, untied(given.risk, lots), own_team)
        gained["greedy by tier"].append(_when(given, untied(given.tier, lots), own_team) - ours)
        gained["actual"].append(float(given.day[given.found].mean()) - ours)
        for lot in range(20):
            by_lot = keyed.units(f"lot {seed} {lot}".encode(), given.names)
            gained["random"].append(_when(given, by_lot, own_team) - ours)
    return {name: float(np.mean(values)) for name, values in gained.items()}


def _when(given: Due, order: Floats, own_team: bool) -> float:
    """Mean day of what is found; a schedule that changes a team's visits a day is refused."""
    day, team = rescheduled(given, order, own_team=own_team)
    if not kept(given, day, team):
        raise ValueError(f"{given.origin}: capacities are not kept")
    return float(day[given.found].mean())
