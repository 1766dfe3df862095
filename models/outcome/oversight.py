"""Watching the watchers: figures on officers, agencies and the system itself, fit for publication.

Every function takes frames of the register and gives a frame; shares are per mille, null where nothing was counted.
No enterprise and no name of a person appears; officers appear by their id.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Per mille, rounded half up; null where there is no whole."""
    return pl.when(whole > 0).then((2000 * part + whole) // (2 * whole)).cast(pl.Int64)


def approvals_by_officer(approvals: pl.DataFrame, views: pl.DataFrame) -> pl.DataFrame:
    """One row per officer: how often decided, and how often without having opened what was decided on.

    approvals: run_id, subject, subject_digest, outcome, officer, at; views: run_id, subject, subject_digest, officer,
    at (texts of UTC). Opened = the same officer opened the same digest (as run, plan or file) before deciding.
    Columns: officer, decided, refused, unopened, unopened_per_mille, median_seconds_looked.
    """
    same = ["run_id", "subject_digest", "officer"]
    first = views.group_by(same).agg(pl.col("at").min().alias("opened_at"))
    moment = pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")
    opened = pl.col("opened_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ")
    return (
        approvals.join(first, on=same, how="left")
        .with_columns(opened=(opened <= moment).fill_null(value=False), looked=(moment - opened).dt.total_seconds())
        .group_by("officer")
        .agg(
            pl.len().cast(pl.Int64).alias("decided"),
            (pl.col("outcome") == "refused").sum().cast(pl.Int64).alias("refused"),
            (~pl.col("opened")).sum().cast(pl.Int64).alias("unopened"),
            pl.col("looked").filter("opened").median().round().cast(pl.Int64).alias("median_seconds_looked"),
        )
        .with_columns(unopened_per_mille=share(pl.col("unopened"), pl.col("decided")))
        .sort("officer")
        .select("officer", "decided", "refused", "unopened", "unopened_per_mille", "median_seconds_looked")
    )


def overrides_by_officer(overrides: pl.DataFrame, proposed: int) -> pl.DataFrame:
    """One row per officer: departures from what was proposed, and their share of `proposed` proposals.

    overrides: subject (kind:id), officer. Columns: officer, overrides, subjects, per_mille, kinds (what was changed).
    """
    return (
        overrides.with_columns(kind=pl.col("subject").str.split(":").list.first())
        .group_by("officer")
        .agg(
            pl.len().cast(pl.Int64).alias("overrides"),
            pl.col("subject").n_unique().cast(pl.Int64).alias("subjects"),
            pl.col("kind").unique().sort().str.join(", ").alias("kinds"),
        )
        .with_columns(per_mille=share(pl.col("subjects"), pl.lit(proposed)))
        .sort("officer")
        .select("officer", "overrides", "subjects", "per_mille", "kinds")
    )


def objections_by_agency(decisions: pl.DataFrame) -> pl.DataFrame:
    """One row per agency: what became of the objections to its records.

    decisions: kind, agency, decided_on, outcome, filed_on (latest versions).
    Columns: agency, filed, open, upheld, rejected, upheld_per_mille (of those decided), median_days.
    """
    decided = pl.col("decided_on").is_not_null()
    return (
        decisions.filter(pl.col("kind") == "objection")
        .group_by("agency")
        .agg(
            pl.len().cast(pl.Int64).alias("filed"),
            (~decided).sum().cast(pl.Int64).alias("open"),
            (decided & (pl.col("outcome") == "upheld")).sum().cast(pl.Int64).alias("upheld"),
            (decided & (pl.col("outcome") == "rejected")).sum().cast(pl.Int64).alias("rejected"),
            (pl.col("decided_on") - pl.col("filed_on"))
            .dt.total_days()
            .median()
            .round()
            .cast(pl.Int64)
            .alias("median_days"),
        )
        .with_columns(upheld_per_mille=share(pl.col("upheld"), pl.col("upheld") + pl.col("rejected")))
        .sort("agency", nulls_last=True)
        .select("agency", "filed", "open", "upheld", "rejected", "upheld_per_mille", "median_days")
    )


def rejections_by_source(inputs: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """One row per source and first folder of its files: rows refused, and the rule that refused most.

    inputs: source, name, rows, rejected; rejected: file, rule (models.records.REJECTED).
    Columns: source, delivery, files, rows, rejected, rejected_per_mille, commonest_rule.
    """
    delivery = pl.col("name").str.split("/").list.first()
    rules = (
        rejected.group_by(pl.col("file").str.split("/").list.first().alias("delivery"), "rule")
        .len()
        .sort("len", "rule", descending=[True, False])
        .unique("delivery", keep="first", maintain_order=True)
        .select("delivery", commonest_rule="rule")
    )
    return (
        inputs.filter(~pl.col("name").str.contains("^(source|register):"))
        .with_columns(delivery=delivery)
        .group_by("source", "delivery")
        .agg(pl.len().cast(pl.Int64).alias("files"), pl.col("rows").sum(), pl.col("rejected").sum())
        .with_columns(rejected_per_mille=share(pl.col("rejected"), pl.col("rows")))
        .join(rules, on="delivery", how="left")
        .sort("source", "delivery")
    )


def burden(enterprises: pl.DataFrame, visits: pl.DataFrame, by: str) -> pl.DataFrame:
    """One row per group of firms: what inspection costs those who keep the rules.

    enterprises: enterprise_id and the column `by` (tier, size, region …); visits: enterprise_id, result of the period.
    A firm is compliant when it was visited and every visit ended in no_problem. Columns: `by`, firms, visited,
    visits, compliant, visits_to_compliant, visits_per_compliant (per mille), most_visits (to one compliant firm).
    """
    per_firm = visits.group_by("enterprise_id").agg(
        pl.len().cast(pl.Int64).alias("visits"), (pl.col("result") == "no_problem").all().alias("compliant")
    )
    compliant = pl.col("compliant").fill_null(value=False)
    return (
        enterprises.select("enterprise_id", by)
        .join(per_firm, on="enterprise_id", how="left")
        .group_by(by)
        .agg(
            pl.len().cast(pl.Int64).alias("firms"),
            pl.col("visits").is_not_null().sum().cast(pl.Int64).alias("visited"),
            pl.col("visits").sum().alias("visits"),
            compliant.sum().cast(pl.Int64).alias("compliant"),
            pl.col("visits").filter(compliant).sum().alias("visits_to_compliant"),
            pl.col("visits").filter(compliant).max().alias("most_visits"),
        )
        .with_columns(visits_per_compliant=share(pl.col("visits_to_compliant"), pl.col("compliant")))
        .sort(by, nulls_last=True)
    )


def equal_treatment(firms: pl.DataFrame, attribute: str, chosen: str, *, within: str = "tier") -> pl.DataFrame:
    """One row per group of `attribute`: how often its firms were `chosen`, against firms of the same `within`.

    firms: one row per firm with `attribute` (null = unknown), `within` and the boolean `chosen` (visited, vetoed, in
    the lowest tier …). `expected` is what the group would have had if each `within` had been chosen from alike
    (thousandths of a firm). Columns: group, firms, chosen, rate_per_mille, ratio_to_highest (per mille; the
    four-fifths rule asks for ≥ 800), expected, ratio_to_expected (per mille).
    """
    alike = firms.group_by(within).agg((1000 * pl.col(chosen).sum()).alias("hits"), pl.len().alias("all"))
    counted = (
        firms.join(alike, on=within, nulls_equal=True)
        .group_by(pl.col(attribute).alias("group"))
        .agg(
            pl.len().cast(pl.Int64).alias("firms"),
            pl.col(chosen).sum().cast(pl.Int64).alias("chosen"),
            (pl.col("hits") / pl.col("all")).sum().round().cast(pl.Int64).alias("expected"),
        )
        .with_columns(rate_per_mille=share(pl.col("chosen"), pl.col("firms")))
    )
    best = (pl.col("chosen") / pl.col("firms")).max()
    ratio = (1000 * pl.col("chosen") / pl.col("firms") / best).round()
    return counted.with_columns(
        ratio_to_highest=pl.when(best > 0).then(ratio).cast(pl.Int64),
        ratio_to_expected=share(1000 * pl.col("chosen"), pl.col("expected")),
    ).sort("group", nulls_last=True)


def transparency(
    *,
    approvals: pl.DataFrame,
    views: pl.DataFrame,
    overrides: pl.DataFrame,
    decisions: pl.DataFrame,
    inputs: pl.DataFrame,
    rejected: pl.DataFrame,
    enterprises: pl.DataFrame,
    visits: pl.DataFrame,
    ratings: pl.DataFrame,
    planned: pl.DataFrame,
) -> Mapping[str, pl.DataFrame]:
    """Every figure above for one run, by name: the frames of a report that can be published.

    `planned`: PLAN_VISITS of the run; equal treatment asks who was planned, within the same tier.
    """
    firms = enterprises.join(ratings.select("enterprise_id", "tier"), on="enterprise_id").with_columns(
        planned=pl.col("enterprise_id").is_in(planned["enterprise_id"].implode())
    )
    treated = {
        f"equal_treatment_{name}": equal_treatment(firms, name, "planned") for name in ("region", "size", "ownership")
    }
    return {
        "approvals": approvals_by_officer(approvals, views),
        "overrides": overrides_by_officer(overrides, planned.height),
        "objections": objections_by_agency(decisions),
        "rejections": rejections_by_source(inputs, rejected),
        "burden_by_tier": burden(firms, visits, "tier"),
        "burden_by_size": burden(firms, visits, "size"),
    } | treated
