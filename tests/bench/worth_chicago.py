"""What an order of visits is worth on Chicago's past windows: the same due list, the same visits a team made each day.

Every team makes on every day as many visits as it really did (`kept`). Two settings: any team may take any visit;
each team keeps its own visits (nothing is won by choosing who inspects). With the number of visits a day fixed,
riskiest first is the best schedule there is (rearrangement): `rescheduled` sorts. `planned` lets the planner itself
do it, through make_plan and its checker; peers (greedy by tier, random, actual) are always sorted or as they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from config.in_force import Policy
from config.policy import load_policy
from models import records
from models.backtest.measures import untied
from models.backtest.origins import known_before, origins
from models.backtest.outcomes import in_window, outcomes
from models.inspection import Operations, PlanInput, keyed, make_plan, violations
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
    policy: Policy | None = None  # of the eve


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
        rated = rate(known_before(before, start), policy)
        found.append(replace(due(rows, rated, [tier.id for tier in policy.tiers], start), policy=policy))
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
    return Due(given.origin, *arrays, names, given.policy)


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


def planner_input(given: Due, seed: bytes, risk_first_per_mille: int, *, own_team: bool) -> PlanInput:
    """The window as the planner sees one. Each due visit is a firm that has to be visited in the window, an hour long;
    each slot that a team really used on a day is an hour of one inspector: the k-th inspector of a team is away on the
    days on which it made fewer than k visits. Where teams keep their own visits, the team is the skill.
    """
    assert given.policy is not None
    rules = replace(
        given.policy.inspection, team_size=1, visit_minutes={"any": 60}, min_interval_days=0, recusal_days=0,
        exempt_reasons=("due",), risk_first_per_mille=risk_first_per_mille,
    )  # fmt: skip
    policy = replace(
        given.policy, inspection_rules=rules, as_of=given.origin, redress=replace(given.policy.redress, holidays=None)
    )
    n, teams = len(given.names), given.team if own_team else np.full(len(given.names), "any", dtype=object)
    tiers = [tier.id for tier in policy.tiers]
    everything: dict[str, dict[str, Any]] = {
        "ratings": {"enterprise_id": given.names, "region": ["Chicago"] * n,
                    "tier": [tiers[int(at)] for at in given.tier], "score": (-given.risk).astype(np.int64)},
        "enterprises": {"enterprise_id": given.names, "region": ["Chicago"] * n, "industry": teams.tolist(),
                        "size": ["any"] * n, "status": ["active"] * n},
        "must_visits": {"enterprise_id": given.names, "reason": ["due"] * n},
        "inspectors": _slots(given, own_team)[0], "absences": _slots(given, own_team)[1], "visits": {}, "conflicts": {},
    }  # fmt: skip
    frames = {name: _frame(columns, name) for name, columns in everything.items()}
    end = given.origin + timedelta(days=EVERY - 1)
    return PlanInput(**frames, policy=policy, period_from=given.origin, period_to=end, seed=seed,
                     operations=Operations(weekend=(), travel_minutes=0))  # fmt: skip


def _slots(given: Due, own_team: bool) -> tuple[dict[str, list[object]], dict[str, list[object]]]:
    """One inspector for each visit of a team's fullest day; away on days with fewer."""
    people: list[tuple[object, ...]] = []
    away: list[tuple[object, ...]] = []
    for team in sorted(set(given.team)):
        count = np.bincount(given.day[given.team == team].astype(np.int64), minlength=EVERY)
        for place in range(int(count.max())):
            name = f"{team}#{place:03d}"
            people.append((name, ["*"], [team] if own_team else ["*"], given.origin + timedelta(days=EVERY), 60))
            off = (given.origin + timedelta(days=int(at)) for at in np.flatnonzero(count <= place))
            away += [(name, day, day) for day in off]
    named = ("inspector_id", "districts", "skills", "licence_to", "daily_minutes")
    return _columns(named, people), _columns(("inspector_id", "from_date", "to_date"), away)


def _columns(names: tuple[str, ...], rows: list[tuple[object, ...]]) -> dict[str, list[object]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _frame(columns: dict[str, Any], table: str) -> pl.DataFrame:
    """The columns given, the rest null."""
    schema = getattr(records, table.upper())
    found = pl.DataFrame(columns) if columns else pl.DataFrame(schema=schema)
    missing = [pl.lit(None).alias(name) for name in schema if name not in found.columns]
    return found.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in schema.items())


def planned(given: Due, seed: bytes, risk_first_per_mille: int, *, own_team: bool) -> Floats:
    """Day of each visit in the planner's plan; refused unless lawful, complete and within every team's day."""
    put_in = planner_input(given, seed, risk_first_per_mille, own_team=own_team)
    plan = make_plan(put_in)
    broken = violations(plan, put_in)
    team = plan.visits["inspectors"].list.first().str.split("#").list.first()
    visits = plan.visits.with_columns(team=team).sort("enterprise_id")
    day = (visits["visit_date"] - given.origin).dt.total_days().to_numpy().astype(np.float64)
    complete = visits["enterprise_id"].to_list() == sorted(given.names)
    if broken or not complete or not kept(given, day, visits["team"].to_numpy().astype(object)):
        raise ValueError(f"{given.origin}: {len(broken)} rules broken, {len(day)} of {len(given.names)} visits placed")
    place = {name: at for at, name in enumerate(visits["enterprise_id"])}
    return np.asarray(day[[place[name] for name in given.names]])


def earlier(given: Due, seeds: int = 3, *, own_team: bool, risk_first_per_mille: int | None = None) -> dict[str, float]:
    """Mean days by which our schedule finds violations earlier than greedy by tier, a random order, the actual one.

    Ours: by the planner with the share by risk given, by sorting without. Ties by keyed hash, mean of so many seeds;
    chance also by hash, 20 lots a seed.
    """
    gained: dict[str, list[float]] = {"greedy by tier": [], "random": [], "actual": []}
    for seed in range(seeds):
        lots = keyed.numbers(f"worth {seed}".encode(), given.names)
        if risk_first_per_mille is None:
            ours = _when(given, untied(given.risk, lots), own_team)
        else:
            day = planned(given, f"worth {seed}".encode(), risk_first_per_mille, own_team=own_team)
            ours = float(day[given.found].mean())
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
