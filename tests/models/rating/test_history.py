"""How far a policy looks back, and that leaving out what says nothing new changes no rating."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby, pairwise
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.conditions import Condition
from config.figures import FigureRule, LastYear
from config.in_force import Figure, Gate, Policy
from config.policy import load_policy
from models.rating import HISTORY, condensed, looks_back_to, rate
from tests.models.rating.worlds import AS_OF, QUICK, market, with_links, world

FIRMS = 12


def looking_back(within_days: int) -> Policy:
    """The market pack, looking back in every way there is: a gate, a gate by gates, last year's tier, links."""
    policy = with_links(market())
    clause = policy.scorecard.clause
    tests = {"was_D": {"tiers": ["D"], "within_days": within_days},
             "was_C_by_x": {"tiers": ["C", "D"], "within_days": within_days // 2, "by_gates": ["x"]}}  # fmt: skip
    gates = tuple(
        Gate(name, policy.title, Condition.model_validate({"held": test}), ceiling="C", floor=None, exactly=None,
             clause=clause)
        for name, test in tests.items()
    )  # fmt: skip
    rule = FigureRule(last_year=LastYear(tiers=("D",), not_by_gates=("y",)), steps=({"at_least": 1, "points": -40},))  # type: ignore[arg-type]
    figure = Figure("last_year", policy.title, next(iter(policy.scorecard.dimensions)), rule, clause)
    return replace(policy, gates=policy.gates + gates, figures=(figure,))


def nights(seed: int) -> list[pl.DataFrame]:
    """Some forty nights over two years in which firms mostly stay where they are, come and go."""
    random, days = Random(seed), sorted(Random(seed).sample(range(1, 760), 40), reverse=True)
    state = {n: (random.choice("ABCD"), random.choice(([], ["x"], ["x", "y"]))) for n in range(FIRMS)}
    made = []
    for age in days:
        for n in range(FIRMS):
            if random.random() < 0.1:
                state[n] = (random.choice("ABCD"), random.choice(([], ["x"], ["y"])))
        seen = [n for n in range(FIRMS) if random.random() < 0.95]
        rows = [("market", AS_OF - timedelta(days=age), f"cn:{n:04d}", *state[n]) for n in seen]
        made.append(pl.DataFrame(rows, schema=HISTORY, orient="row"))
    return made


@QUICK
@given(seed=st.integers(0, 10_000), within_days=st.integers(2, 800))
def test_what_is_left_out_changes_no_rating(seed: int, within_days: int) -> None:
    policy, tables, every = looking_back(within_days), world(seed, FIRMS), nights(seed)
    few, all_of_them = condensed(every), pl.concat(every)
    assert few.height < all_of_them.height
    assert_frame_equal(rate(tables, policy, history=few), rate(tables, policy, history=all_of_them))


def test_first_and_last_of_a_row_of_equal_nights_stay_and_every_year_has_its_own() -> None:
    every = nights(7)
    expected = []
    rows = pl.concat(every).sort("enterprise_id", "as_of").select("enterprise_id", "tier", "gates", "as_of").rows()
    for (firm, tier, gates, _), run in groupby(rows, key=lambda row: (*row[:3], row[3].year)):
        days = [row[3] for row in run]
        expected += [(firm, tier, gates, day) for day in sorted({days[0], days[-1]})]
    found = condensed(iter(every)).select("enterprise_id", "tier", "gates", "as_of").sort("enterprise_id", "as_of")
    assert found.rows() == expected
    assert condensed([]).is_empty()
    assert all(a <= b for a, b in pairwise(condensed(every)["as_of"]))


@pytest.mark.parametrize(
    ("pack", "day", "expected"),
    [
        ("market", date(2026, 11, 1), None),
        ("environment-cn", date(2026, 11, 1), None),
        ("tax-cn", date(2026, 11, 1), date.min),  # its links ask since when a D has been held
    ],
)
def test_how_far_a_pack_looks_back(pack: str, day: date, expected: date | None) -> None:
    assert looks_back_to(load_policy(pack).at(day)) == expected


def test_each_way_of_looking_back_has_its_days() -> None:
    plain = market()
    tax = load_policy("tax-cn").at(date(2026, 11, 1))
    assert looks_back_to(replace(tax, links=())) == date(2026, 11, 1) - timedelta(days=1095)
    assert looks_back_to(with_links(plain)) == date.min
    assert looks_back_to(replace(looking_back(9), links=plain.links)) == date(AS_OF.year - 1, 1, 1)
    assert looks_back_to(replace(looking_back(900), links=plain.links)) == AS_OF - timedelta(days=900)
