from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from config.policy import load_policy
from models.consignment import DECLARATIONS, examine_days, realised
from models.rating import rate
from models.synthetic import World, generate
from models.synthetic.declarations import declarations, offices_frame

AS_OF = date(2026, 6, 30)
N = 20_000


def day(night: int, chunk: int = 50_000) -> pl.DataFrame:
    return pl.concat(declarations(World(N, 1, AS_OF, night), chunk))


def test_days_differ_and_chunks_do_not_show() -> None:
    assert day(1).equals(day(1, chunk=777))
    assert not set(day(1)["declaration_id"]) & set(day(2)["declaration_id"])
    assert day(1)["declaration_id"].is_unique().all()


def test_finds_follow_the_goods_and_the_importer_but_not_blindly() -> None:
    rows = day(1)
    high = rows.filter(pl.col("risk") >= 300)["would_find"].mean()
    low = rows.filter(pl.col("risk") < 100)["would_find"].mean()
    assert float(high) > 2 * float(low)  # type: ignore[arg-type]
    assert 0.02 < float(rows["would_find"].mean()) < 0.3  # type: ignore[arg-type]


def test_the_consignment_room_works_on_a_week_of_them() -> None:
    policy = load_policy("market").at(AS_OF)
    tiers = rate(next(generate(N, 1, AS_OF)).tables, policy).select("enterprise_id", "tier")
    week = pl.concat(
        day(night).select(*DECLARATIONS, declared_on=pl.lit(AS_OF + timedelta(days=night))) for night in range(1, 6)
    )
    plans = list(examine_days(week, tiers, policy, offices_frame(World(N, 1, AS_OF)), b"seed"))
    assert all((plan.use["used"] <= plan.use["minutes"]).all() for plan in plans)
    result = realised(plans[-1].balance, policy)
    assert result["kept"].mean() > 0.5  # type: ignore[operator]
    assert set(result.filter(~pl.col("kept"))["why"]) <= {"behind", "must"}
