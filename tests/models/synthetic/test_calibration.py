"""The made-up population against the figures it is meant to resemble, rated by the default pack."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from config.in_force import Policy
from config.policy import load_policy
from models.inspection import PlanInput, make_plan
from models.rating import rate
from models.records import RATINGS, TABLES
from models.synthetic import generate
from models.synthetic.calibration import calibration

AS_OF = date(2026, 6, 30)
N = 20_000


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("market").at(AS_OF)


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return next(generate(N, 5, AS_OF)).tables


@pytest.fixture(scope="module")
def rated(tables: dict[str, pl.DataFrame], policy: Policy) -> pl.DataFrame:
    truth = next(generate(N, 5, AS_OF)).truth
    return rate(tables, policy).join(truth, on="enterprise_id").join(tables["enterprises"], on="enterprise_id")


def test_tiers_come_in_the_shares_of_dandong(rated: pl.DataFrame) -> None:
    mix = calibration().tier_mix
    shares = dict(rated.group_by("tier").agg(pl.len() / N).iter_rows())
    assert shares == pytest.approx({tier: count / sum(mix.values()) for tier, count in mix.items()}, abs=0.03)


def test_the_rating_has_a_real_but_imperfect_signal(rated: pl.DataFrame) -> None:
    assert 0.64 <= auc(-rated["score"], rated["would_fail"]) <= 0.76
    by_tier = rated.sort("tier").group_by("tier", maintain_order=True).agg(pl.col("would_fail").mean())
    assert by_tier["would_fail"].is_sorted()


def auc(score: pl.Series, fails: pl.Series) -> float:
    """Chance that a failing enterprise ranks above a sound one; ties count one half."""
    ranks = score.rank("average").filter(fails)
    bad = len(ranks)
    return float((ranks.sum() - bad * (bad + 1) / 2) / (bad * (len(score) - bad)))


def test_only_catalogued_items_lists_and_gates_occur(tables: dict[str, pl.DataFrame], policy: Policy) -> None:
    assert set(tables["records"]["item"]) == set(policy.items)
    assert set(tables["listings"]["list_id"]) == set(policy.lists)
    assert set(tables["must_visits"]["reason"]) <= set(policy.inspection.exempt_reasons)
    assert all(tables[name].schema == TABLES[name] for name in tables)


def test_hours_allow_most_but_not_all_of_a_quarters_visits(
    rated: pl.DataFrame, tables: dict[str, pl.DataFrame], policy: Policy
) -> None:
    people = {name: tables[name] for name in ("inspectors", "absences", "conflicts", "must_visits", "visits")}
    period = {"period_from": AS_OF + timedelta(days=1), "period_to": AS_OF + timedelta(days=92)}
    plan = make_plan(
        PlanInput(
            ratings=rated.select(RATINGS.names()),
            enterprises=tables["enterprises"],
            policy=policy,
            seed=b"s" * 32,
            **people,
            **period,
        )
    )
    assert 0.8 <= plan.quota["planned"].sum() / plan.quota["wanted"].sum() <= 0.98
