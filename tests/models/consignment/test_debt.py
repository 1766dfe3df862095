"""What was planned and not examined is owed, once, by the next day that is made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from models.consignment import DayPlan, day_seed, examine, realised, violations
from models.consignment.debt import DEBTS, debts, owed, with_debts
from models.consignment.files import balance_before, carried_by, load_day, save_day
from models.consignment.results import RETURNED, TOLD
from models.consignment.take import take
from models.consignment.terms import DECLARATIONS
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, SEED

POLICY = morning.policy()


def unseen(plan: DayPlan, which: set[int]) -> pl.DataFrame:
    """TOLD of those rows of the list (by place, wrapped around) that nobody examined."""
    rows = sorted({at % plan.chosen.height for at in which}) if plan.chosen.height else []
    said = plan.chosen[rows].select("declaration_id", "enterprise_id", result=pl.lit("goods_gone"))
    frame = said.select(
        (pl.col(name) if name in said.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in RETURNED.items()
    )
    return take(frame, plan, POLICY, plan.day, enterprises=pl.Series(dtype=pl.String)).results


def week(each: int, gone: list[set[int]], minutes: int = 100_000) -> tuple[list[DayPlan], list[pl.DataFrame]]:
    """Days in a row, of each of which some came back as not examined before the next was made."""
    plans: list[DayPlan] = []
    told = [TOLD.to_frame()]
    carried = [DEBTS.to_frame()]
    balance = None
    stream = morning.days(len(gone), each)
    for (day,), rows in sorted(stream.partition_by("declared_on", as_dict=True).items()):
        due = owed(debts(pl.concat(told)), day, pl.concat(carried))
        before = with_debts(balance, due) if balance is not None else None
        declared = rows.select(DECLARATIONS.names())
        given_in = (declared, morning.tiers(), POLICY, before, morning.offices(minutes))
        plan = examine(day, *given_in, SEED)
        assert violations(plan, *given_in, day_seed(SEED, day)) == []
        balance = plan.balance
        plans.append(plan)
        carried.append(due)
        told.append(unseen(plan, gone[len(plans) - 1]))
    return plans, [pl.concat(told), pl.concat(carried)]


GONE = st.lists(st.sets(st.integers(0, 400), max_size=6), min_size=1, max_size=6)


@settings(max_examples=15)
@given(each=st.integers(1, 60), gone=GONE)
def test_the_balance_counts_what_was_examined_and_the_accounts_add_up(each: int, gone: list[set[int]]) -> None:
    plans, (told, carried) = week(each, gone)
    open_debts = owed(debts(told), plans[-1].day + timedelta(days=1), carried)
    balance = with_debts(plans[-1].balance, open_debts)
    lists = pl.concat(plan.chosen.with_columns(day=pl.lit(plan.day)) for plan in plans)
    seen = lists.join(told, on=["day", "declaration_id"], how="anti").group_by("office", "tier").len("seen")
    both = balance.join(seen, on=["office", "tier"], how="left").fill_null(0)
    assert (both["examined"] == both["seen"]).all()
    rate = pl.col("tier").replace_strict(morning.RATES, return_dtype=pl.Int64)
    accounts = both.select(
        left=pl.col("account") + pl.col("floor_account"), due=999 + rate * pl.col("declared") - 1000 * pl.col("seen")
    )
    assert (accounts["left"] == accounts["due"]).all()
    assert carried.select("day", "declaration_id").is_unique().all()


@settings(max_examples=15)
@given(which=st.sets(st.integers(0, 400), max_size=30))
def test_undoing_is_as_if_they_had_never_been_examined(which: set[int]) -> None:
    plan = morning.planned(morning.declarations(200, must=17), POLICY)
    told = unseen(plan, which)
    back = with_debts(plan.balance, debts(told))
    moved = plan.balance.join(back, on=["office", "tier"], suffix="_back")
    count = told.group_by("office", "tier").agg(
        pl.len().alias("n"), pl.col("drawn").sum().alias("by_chance"), (pl.col("why") == "must").sum().alias("had_to")
    )
    moved = moved.join(count, on=["office", "tier"], how="left").fill_null(0)
    for column, by in (("examined", "n"), ("random", "by_chance"), ("must", "had_to")):
        assert (moved[column] - moved[f"{column}_back"] == moved[by]).all()
    assert (moved["floor_account_back"] - moved["floor_account"] == 1000 * moved["by_chance"]).all()
    assert (moved["account_back"] - moved["account"] == 1000 * (moved["n"] - moved["by_chance"])).all()


def test_the_next_days_make_up_for_it() -> None:
    plans, (told, carried) = week(90, [set(range(30)), set(), set(), set(), set()])
    assert told.height == carried.height > 5
    left = pl.col("tier") != "dishonest"  # of these nearly all are examined anyway: there are none to make up with
    assert realised(plans[-1].balance, POLICY).filter(left)["kept"].all()
    without, _ = week(90, [set()] * 5)
    assert sum(p.chosen.height for p in plans) > sum(p.chosen.height for p in without)
    assert_frame_equal(plans[0].chosen, without[0].chosen)


def test_one_that_had_to_be_examined_and_was_drawn_too_goes_back_onto_the_floor() -> None:
    plan = morning.planned(morning.declarations(3000, must=2), POLICY)
    both = plan.chosen.with_row_index().filter(pl.col("why") == "must", "drawn")
    assert both.height
    told = unseen(plan, {int(both["index"][0])})
    assert told.select("account", "floor_account").row(0) == (0, 1000)
    assert debts(told).select("must", "random").row(0) == (1, 1)


def test_a_saved_day_keeps_what_it_carried(tmp_path: Path) -> None:
    plan = morning.planned(morning.declarations(100), POLICY)
    carried = debts(unseen(plan, {0, 1}))
    save_day(plan, tmp_path / "2020-06-02", carried)
    assert_frame_equal(carried_by(tmp_path / "2020-06-02"), carried)
    (tmp_path / "2020-06-02" / "carried.parquet").unlink()  # as a day saved before there were any
    assert carried_by(tmp_path / "2020-06-02").is_empty()
    frame = pl.read_parquet(tmp_path / "2020-06-02" / "chosen.parquet").drop("drawn")
    frame.write_parquet(tmp_path / "2020-06-02" / "chosen.parquet")
    assert (load_day(tmp_path / "2020-06-02").chosen["drawn"] == (plan.chosen["why"] == "random")).all()
    assert balance_before(tmp_path, DAY + timedelta(days=4)).equals(plan.balance)
