"""The order of tiers in a finished plan, without a solver and without the planner's code."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from models.inspection.terms import Plan, PlanInput

MOST = 4  # visits that may give way to one


def overtaken(plan: Plan, given: PlanInput) -> pl.DataFrame:
    """Drawn firms left out for hours while, on some day, a team able to go there has visits by risk to better tiers, in
    the same district and at most four, that take as long. None where the policy is not strict.

    Not judged, because their windows may be the reason: firms with a visit in the last year or one that has to be, and
    tiers whose rate asks for several visits in the period.
    """
    if not given.policy.inspection.strict_tiers or given.pinned is not None:
        return pl.DataFrame({"visit_id": []})
    rank = {tier.id: tier.rank for tier in given.policy.tiers}
    table = dict(given.policy.inspection.visit_minutes)
    rules = given.policy.inspection
    year = timedelta(days=max(366, rules.recusal_days, rules.min_interval_days))
    seen = given.visits.filter(pl.col("visit_date") >= given.period_from - year)
    often = plan.draw.strata.filter(pl.col("count") > 1)["tier"].unique().to_list()
    out = (
        plan.left_out.filter(pl.col("reason") == "hours").select("enterprise_id", "region", "tier")
        .filter(~pl.col("tier").is_in(often)).rename({"tier": "worse"})
        .join(plan.draw.pool.filter("drawn"), on="enterprise_id", how="semi")
        .join(seen, on="enterprise_id", how="anti")
        .join(given.must_visits, on="enterprise_id", how="anti")
        .join(given.enterprises.unique("enterprise_id", keep="first").drop("region"), on="enterprise_id")
        .with_columns(need=pl.col("size").replace_strict(table, default=max(table.values()), return_dtype=pl.Int64))
    )  # fmt: skip
    better = plan.visits.filter(pl.col("purpose") == "directed").select(
        "visit_date", "inspectors", "region", "minutes", "tier"
    )
    pairs = out.select("enterprise_id", "region", "worse", "industry", "need").join(better, on="region")
    ranked = pairs.filter(
        pl.col("tier").replace_strict(rank, return_dtype=pl.Int64)
        < pl.col("worse").replace_strict(rank, return_dtype=pl.Int64)
    )
    able = _able_to_go(ranked, given)
    day = ["enterprise_id", "visit_date", "inspectors", "need"]
    room = able.group_by(day).agg(pl.col("minutes").top_k(MOST).sum())
    return room.filter(pl.col("minutes") >= pl.col("need"))


def _able_to_go(pairs: pl.DataFrame, given: PlanInput) -> pl.DataFrame:
    """Rows whose whole team has the firm's skill and no conflict with it."""
    legs = pairs.with_row_index("row").explode("inspectors").rename({"inspectors": "inspector_id"})
    people = given.inspectors.unique("inspector_id", keep="first").select("inspector_id", "skills")
    conflicts = given.conflicts.select("inspector_id", "enterprise_id").unique().with_columns(conflict=pl.lit(True))
    legs = legs.join(people, on="inspector_id", how="left").join(
        conflicts, on=["inspector_id", "enterprise_id"], how="left"
    )  # fmt: skip
    has = pl.col("skills").list.contains("*") | pl.col("skills").list.contains(pl.col("industry").fill_null(""))
    bad = legs.filter(~has.fill_null(False) | pl.col("conflict").fill_null(False))
    return pairs.with_row_index("row").join(bad, on="row", how="anti").drop("row")
