"""Mornings at the border: seconds per 10,000 declarations, and the rates of the customs data over its last quarter.

    python -m tests.bench.consignment

To reach: 0.1 s per 10,000 declarations; every rate kept at every office; minutes never exceeded.
"""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path

import polars as pl

from config.policy import load_policy
from models.consignment import DECLARATIONS, day_seed, examine, examine_days, realised, violations
from models.consignment.customs import commodity_risk, rated_tables, read_customs, with_risk
from models.rating import rate
from models.synthetic import World, generate
from models.synthetic.declarations import declarations, offices_frame

AS_OF = date(2026, 11, 1)
SHARED = Path(os.environ.get("EVENHAND_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data/customs"


def main() -> None:
    """Print both tables."""
    made_up()
    if SHARED.is_dir():
        customs_data()
    else:
        print("the customs data (../shared/data/customs) is not here")


def made_up() -> None:
    """One morning at several sizes: minutes as they are and halved, so that lists must be cut."""
    policy = load_policy("market").at(AS_OF)
    print("declarations  minutes   wall s  s/10,000  CPU s/10,000  examined no minutes violations   (least of five)")
    for enterprises in (20_000, 60_000, 600_000):
        world = World(enterprises, 1, AS_OF, 1)
        tiers = pl.concat(
            rate(chunk.tables, policy).select("enterprise_id", "tier") for chunk in generate(enterprises, 1, AS_OF)
        )
        rows = pl.concat(declarations(world)).select(DECLARATIONS.names())
        for share, offices in ((1, offices_frame(world)), (2, offices_frame(world))):
            cut = offices.with_columns(pl.col("minutes") // share)
            given = (rows, tiers, policy, None, cut)
            walls, cpus = [], []
            for _ in range(5):
                started, spent = time.perf_counter(), time.process_time()
                plan = examine(world.today_date, *given, b"bench")
                walls.append(time.perf_counter() - started)
                cpus.append(time.process_time() - spent)
            broken = violations(plan, *given, day_seed(b"bench", world.today_date))
            each = 10_000 / rows.height
            print(
                f"{rows.height:12,} {1 / share:8.0%} {min(walls):8.3f} {min(walls) * each:9.4f} "
                f"{min(cpus) * each:13.4f} {plan.chosen.height:9,} "
                f"{plan.overload['declarations'].sum():10,} {len(broken):10}"
            )


def customs_data() -> None:
    """The last quarter of the customs data under Order 237, importers rated by what was found before."""
    start = date(2021, 1, 1)
    policy = load_policy("customs-cn").at(start)
    everything = read_customs([SHARED / "df_syn_train_eng.csv", SHARED / "df_syn_valid_eng.csv"])
    past, now = everything.filter(pl.col("declared_on") < start), everything.filter(pl.col("declared_on") >= start)
    tiers = rate(rated_tables(past, start), policy).select("enterprise_id", "tier")
    now = with_risk(now, commodity_risk(past))
    offices = now.select("office", examination=pl.lit(None, dtype=pl.String), minutes=pl.lit(1500)).unique()
    started = time.perf_counter()
    plans = list(examine_days(now, tiers, policy, offices, b"bench"))
    seconds = time.perf_counter() - started
    result = realised(plans[-1].balance, policy)
    over = sum((plan.use["used"] > plan.use["minutes"]).any() for plan in plans)
    chosen = pl.concat(plan.chosen for plan in plans).join(everything, on="declaration_id")
    offices_seen = now["office"].n_unique()
    print(f"\ncustoms data: {now.height:,} declarations, {len(plans)} days, {offices_seen} offices, {seconds:.2f} s")
    print(f"rates kept at {result['kept'].sum()} of {result.height} offices × tiers; minutes exceeded on {over} days")
    print(result.filter(~pl.col("kept")))
    by_tier = result.group_by("tier").agg(pl.col("declared", "examined").sum(), pl.col("rate").first())
    print(by_tier.with_columns(per_mille=(1000 * pl.col("examined") / pl.col("declared")).round(1)))
    base = float(now["fraud"].cast(pl.Int8).mean())  # type: ignore[arg-type]
    print(chosen.group_by("why").agg(pl.len(), pl.col("fraud").mean().round(3).alias("found")), f"base rate {base:.3f}")


if __name__ == "__main__":
    main()
