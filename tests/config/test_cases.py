"""The packs' cases, each through models.rating.rate; and every pack on every day of change ± 1."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from config.errors import PolicyError
from config.policy import PACKS, PolicyBook, load_policy, pack_names, scenario_named
from config.units import points_text
from models.rating import rate
from tests.config.case_files import FIRM, Case, all_cases, history_of, tables_of

CASES = all_cases()


@cache
def book(pack: str, scenario: str | None = None) -> PolicyBook:
    return load_policy(pack, scenario_named(scenario) if scenario else None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case(case: Case) -> None:
    """The rating of the case's enterprise is what the case says, figure by figure."""
    policy = book(case.pack, case.given.get("scenario")).at(case.as_of)
    ratings = rate(tables_of(case), policy, history=history_of(case))
    found = ratings.row(by_predicate=pl.col("enterprise_id") == FIRM, named=True)
    seen = {
        "score": points_text(found["score"]),
        "tier": found["tier"],
        "band": found["band_tier"],
        "gates": sorted(found["gates"]),
        "records": found["records_counted"],
        "next_change_on": found["next_change_on"],
    }
    wanted = dict(case.given["output"])
    dimensions = {row["dimension"]: row["points"] for row in found["dimensions"]}
    for name, points in wanted.pop("dimensions", {}).items():
        assert points_text(dimensions.get(name, 0)) == str(points), name
    wanted = {key: str(value) if key == "score" else value for key, value in wanted.items()}
    if "gates" in wanted:
        wanted["gates"] = sorted(wanted["gates"])
    assert {key: seen[key] for key in wanted} == wanted


def test_there_are_enough_cases_and_every_pack_has_some() -> None:
    assert len(CASES) >= 150
    assert {case.pack for case in CASES} == set(pack_names())


def test_names_are_unique_and_every_output_shows_its_arithmetic() -> None:
    assert len({str(case) for case in CASES}) == len(CASES)
    for path in sorted(PACKS.glob("*/cases/*.yaml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.match(r"\s+output:", line):
                assert "#" in line, f"{path.name} line {number}: no arithmetic beside the output"


def _days() -> list[tuple[str, date]]:
    return [
        (pack, change + timedelta(days=step))
        for pack in pack_names()
        for change in book(pack).change_dates()
        for step in (-1, 0, 1)
    ]


@pytest.mark.parametrize(("pack", "day"), _days(), ids=str)
def test_every_day_of_change_is_covered(pack: str, day: date) -> None:
    """On the eve, the day and the morrow of every change the pack says what holds, or that it does not begin yet."""
    head = book(pack).form.pack
    if day < head.covers_from:
        with pytest.raises(PolicyError, match=str(head.covers_from)):
            book(pack).at(day)
        return
    policy = book(pack).at(day)
    tiers = {tier.id for tier in policy.tiers}
    assert policy.items
    assert tiers
    for gate in policy.gates:
        assert {gate.ceiling, gate.floor, gate.exactly} - {None} <= tiers
    for listing in policy.lists.values():
        assert {listing.effect.ceiling, listing.effect.floor} - {None} <= tiers
    assert policy.default_tier is None or policy.default_tier in tiers
    for clause in _clauses(policy):
        assert clause.since <= day
        assert clause.instrument in policy.instruments


def _clauses(policy):  # type: ignore[no-untyped-def]
    yield policy.scorecard.clause
    for group in (policy.items.values(), policy.gates, policy.lists.values(), policy.links, policy.figures):
        for thing in group:
            yield thing.clause
