from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.policy import load_policy
from models.consignment import DECLARATIONS, OFFICES, day_seed, examine, examine_days, realised, violations
from models.consignment.customs import commodity_risk, rated_tables, read_customs, with_risk
from models.rating import rate
from tests.models.consignment import morning
from tests.models.consignment.morning import SEED

SHARED = Path(__file__).resolve().parents[4] / "shared/data/customs"


def test_rates_hold_at_every_office_over_the_period() -> None:
    policy = morning.policy()
    plans = list(examine_days(morning.days(60, 120), morning.tiers(), policy, morning.offices(), SEED))
    result = realised(plans[-1].balance, policy)
    assert result["kept"].all()
    assert result["declared"].sum() == sum(plan.chosen.height + plan.left_out.height for plan in plans)
    off = (1000 * result["examined"] - result["rate"] * result["declared"]).abs()
    assert (off < 1000).all()


@settings(max_examples=8)
@given(seed=st.binary(min_size=1, max_size=6), each=st.integers(1, 12))
def test_however_few_declarations_no_rate_is_more_than_one_off(seed: bytes, each: int) -> None:
    policy = morning.policy()
    plans = list(examine_days(morning.days(12, each), morning.tiers(), policy, morning.offices(), seed))
    result = realised(plans[-1].balance, policy)
    assert ((1000 * result["examined"] - result["rate"] * result["declared"]).abs() < 1000).all()
    assert result["kept"].all()


def test_the_floor_holds_at_every_office_over_the_period() -> None:
    policy = morning.policy()
    plans = list(examine_days(morning.days(60, 120), morning.tiers(), policy, morning.offices(), SEED))
    balance = plans[-1].balance.with_columns(floor=pl.col("tier").replace_strict(morning.FLOOR))
    assert ((balance["floor"] * balance["declared"] - 1000 * balance["random"]).abs() < 1000).all()


def test_days_one_by_one_are_the_stream() -> None:
    policy, days = morning.policy(), morning.days(4, 80)
    balance = None
    for plan in examine_days(days, morning.tiers(), policy, morning.offices(700), SEED):
        rows = days.filter(declared_on=plan.day).select(DECLARATIONS.names())
        alone = examine(plan.day, rows, morning.tiers(), policy, balance, morning.offices(700), SEED)
        assert_frame_equal(alone.chosen, plan.chosen)
        assert (
            violations(plan, rows, morning.tiers(), policy, balance, morning.offices(700), day_seed(SEED, plan.day))
            == []
        )
        balance = plan.balance


def test_a_period_behind_says_why() -> None:
    policy = morning.policy()
    plans = list(examine_days(morning.days(10, 100), morning.tiers(), policy, morning.offices(100), SEED))
    result = realised(plans[-1].balance, policy).filter(tier="dishonest")
    assert not result["kept"].any()
    assert set(result["why"]) == {"behind"}


def inclusion(seeds: int) -> pl.DataFrame:
    """How often each declaration is examined over so many seeds."""
    policy, rows = morning.policy({**morning.RATES, "regular": 150}), morning.declarations(160, risk=False, offices=1)
    offices = morning.offices(count=1)
    plans = [examine(morning.DAY, rows, morning.tiers(), policy, None, offices, str(k).encode()) for k in range(seeds)]
    often = pl.concat(plan.chosen.select("declaration_id") for plan in plans).group_by("declaration_id").len("times")
    everyone = pl.concat(
        [plans[0].chosen.select("declaration_id", "tier"), plans[0].left_out.select("declaration_id", "tier")]
    )
    return everyone.join(often, on="declaration_id", how="left").fill_null(0)


def test_chances_follow_the_rate_and_not_the_place_in_the_file() -> None:
    seeds = 150
    regular = inclusion(seeds).filter(tier="regular").sort(pl.col("declaration_id").str.slice(1).cast(pl.Int64))
    expected, spread = 0.150 * seeds, (0.150 * 0.850 * seeds) ** 0.5
    assert regular["times"].mean() == pytest.approx(expected, rel=0.02)
    assert (regular["times"] - expected).abs().max() < 4.5 * spread  # type: ignore[operator]
    half = regular.height // 2
    ahead, behind = regular["times"].head(half).sum(), regular["times"].tail(half).sum()
    assert abs(ahead - behind) < 4 * spread * regular.height**0.5


@pytest.fixture(scope="module")
def korea() -> pl.DataFrame:
    if not SHARED.exists():
        pytest.skip("../shared/data/customs is absent")
    return read_customs([SHARED / "df_syn_train_eng.csv", SHARED / "df_syn_valid_eng.csv"])


@pytest.mark.shared
def test_rates_hold_at_every_office_of_the_customs_data(korea: pl.DataFrame) -> None:
    start = date(2021, 1, 1)
    policy = load_policy("customs-cn").at(start)
    past, now = korea.filter(pl.col("declared_on") < start), korea.filter(pl.col("declared_on") >= start)
    tiers = rate(rated_tables(past, start), policy).select("enterprise_id", "tier")
    assert set(tiers["tier"]) == {"regular", "dishonest"}
    now = with_risk(now, commodity_risk(past))
    offices = now.select(
        "office", examination=pl.lit(None, dtype=pl.String), minutes=pl.lit(1500, dtype=pl.Int64)
    ).unique()
    plans = list(examine_days(now, tiers, policy, offices.cast(dict(OFFICES)), SEED))
    assert realised(plans[-1].balance, policy)["kept"].all()
    assert all((plan.use["used"] <= plan.use["minutes"]).all() for plan in plans)
    found = pl.concat(plan.chosen for plan in plans).join(korea, on="declaration_id").filter(why="risk", tier="regular")
    assert float(found["fraud"].mean()) > 1.5 * float(now["fraud"].mean())  # type: ignore[arg-type]


@pytest.mark.shared
def test_an_importer_is_rated_by_what_was_found_before(korea: pl.DataFrame) -> None:
    day = date(2020, 7, 1)
    tables = rated_tables(korea, day)
    assert tables["records"]["act_date"].max() < day
    assert tables["enterprises"].height == korea.filter(pl.col("declared_on") < day)["enterprise_id"].n_unique()
    assert tables["indicators"]["value"].sum() == korea.filter(pl.col("declared_on") < day).height


def test_the_next_day_cannot_be_told_from_the_seed_of_the_day() -> None:
    keys = [day_seed(SEED, morning.DAY + timedelta(days=k)) for k in range(50)]
    assert len(set(keys)) == 50
    assert all(SEED not in key for key in keys)
