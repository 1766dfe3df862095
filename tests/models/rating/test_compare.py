"""Who moves between two laws, and a night of changes against rating everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.policy import load_policy
from models.rating import compare, rate
from models.rating.compare import MOVERS, flows
from models.rating.nightly import rate_again, same_law
from tests.models.rating.worlds import AS_OF, QUICK, act, firm, frames, market, world


def test_nobody_moves_under_the_same_law() -> None:
    assert compare(world(3), market(), market()).is_empty()


def test_a_mover_says_why() -> None:
    policy = market()
    tables = frames(enterprises=[firm(1), firm(2)], records=[act(1, "a:1", "wage_arrears", date(2026, 1, 1))])
    worse = tuple(replace(tier, from_points=(tier.from_points or 0) + 50_000) for tier in policy.tiers)
    harsher = replace(policy, tiers=worse)
    items = dict(policy.items)
    items["wage_arrears"] = replace(
        items["wage_arrears"], points={s: 3 * p for s, p in items["wage_arrears"].points.items()}
    )
    moved = compare(tables, policy, replace(policy, items=items))
    assert moved.schema == MOVERS
    assert moved["enterprise_id"].to_list() == ["cn:0001"]
    assert moved.select("why", "gates_new").rows() == [("points", [])]
    assert compare(tables, policy, harsher).select("enterprise_id", "why").rows() == [("cn:0002", "tiers")]
    assert flows(moved)["enterprises"].to_list() == [1]


def test_movers_are_exactly_those_whose_tier_differs() -> None:
    book, tables = load_policy("market"), world(5, firms=40)
    a, b = book.at(date(2025, 12, 24)), book.at(date(2025, 12, 25))
    moved = compare(tables, a, b)
    tiers = [rate(tables, policy).select("enterprise_id", "tier") for policy in (a, b)]
    both = tiers[0].join(tiers[1], on="enterprise_id")
    expected = both.filter(pl.col("tier") != pl.col("tier_right"))["enterprise_id"]
    assert sorted(moved["enterprise_id"]) == sorted(expected)
    assert moved.height > 0


@settings(QUICK, max_examples=6)
@given(st.integers(0, 10**6), st.integers(1, 120))
def test_a_night_of_changes_equals_rating_everything(seed: int, days: int) -> None:
    tables, since = world(seed), market(AS_OF - timedelta(days=days))
    policy = replace(since, as_of=AS_OF)
    former = rate(tables, since)
    dropped = tables["records"]["enterprise_id"].head(1)
    changed = tables | {"records": tables["records"].slice(1)}  # the delta: one record withdrawn without a trace
    again = rate_again(changed, former, since, policy, changed=dropped)
    assert_frame_equal(again, rate(changed, policy))


def test_another_law_is_noticed() -> None:
    book = load_policy("market")
    assert same_law(book.at(date(2026, 5, 1)), book.at(date(2026, 5, 2)))
    assert not same_law(book.at(date(2026, 3, 31)), book.at(date(2026, 4, 1)))
