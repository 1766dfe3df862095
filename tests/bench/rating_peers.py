"""The same rating by other means, from the same lake: DuckDB SQL, pandas, and the floor below which nobody gets.

Each takes (lake, policy) and returns, for each shard, score, tier rank and the rows of the five heaviest acts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from config.conditions import Condition
from config.in_force import Policy
from models.intake.lake import Lake
from models.rating.rubric import SEVERITIES, compile_rubric
from models.rating.tier import rules

COLUMNS = ("eidx", "item", "severity", "act_date", "known_on", "revoked_on", "decision")
NUMBER, AGENCY, SEVERAL = (1 << 20) - 1, 1 << 20, 1 << 31  # parts of a decision, as the lake documents them
Result = Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]


def floor(lake: Lake, policy: Policy) -> None:
    """Scan the columns a rating looks at, and one group-by."""
    for number in range(lake.shards):
        frame = pl.scan_parquet(lake.path(number, "records")).select(COLUMNS).collect()
        frame.group_by("eidx").agg(pl.len(), pl.col("severity").sum(), pl.col("act_date").max())


def catalogue(lake: Lake, policy: Policy) -> pl.DataFrame:
    """One row per item and severity, as a peer would hold the law."""
    rubric = compile_rubric(policy, lake.codes.items)
    rows = []
    for cell, term in enumerate(rubric.terms):
        item = policy.items[rubric.codes[cell // 3]]
        if not term.hidden and term.by_age:
            rows.append(
                {"item": cell // 3, "severity": cell % 3, "dimension": int(rubric.dimension[cell]),
                 "act_class": int(rubric.act_class[cell]), "full_points": item.points.get(SEVERITIES[cell % 3], 0),
                 "max_days": term.max_days, "decay": item.decay}
            )  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"decay": pl.String})


def _decay_sql(policy: Policy) -> str:
    whens = []
    for name, decay in policy.scorecard.decay.items():
        steps = " ".join(f"WHEN age >= {start} THEN {share}" for start, share in reversed(decay.steps))
        whens.append(f"WHEN '{name}' THEN CASE {steps} ELSE 1000 END")
    return f"CASE decay {' '.join(whens)} ELSE 1000 END" if whens else "1000"


def _condition_sql(condition: Condition, lake: Lake, policy: Policy) -> str:
    """A gate over aggregated acts; declared figures are absent from these lakes."""
    if condition.all is not None:
        return "(" + " AND ".join(_condition_sql(part, lake, policy) for part in condition.all) + ")"
    if condition.any is not None:
        return "(" + " OR ".join(_condition_sql(part, lake, policy) for part in condition.any) + ")"
    if condition.indicator is not None:
        return "false"
    if condition.count is None:
        raise NotImplementedError(str(condition))
    test = condition.count
    tests = ["true"]
    if test.items:
        tests.append(f"item IN ({', '.join(str(lake.codes.items.index(name)) for name in test.items)})")
    if test.severities:
        tests.append(f"severity IN ({', '.join(str(SEVERITIES.index(severity)) for severity in test.severities)})")
    if test.dimensions:
        dimensions = tuple(policy.scorecard.dimensions)
        tests.append(f"dimension IN ({', '.join(str(dimensions.index(name)) for name in test.dimensions)})")
    if test.within_days is not None:
        tests.append(f"age <= {test.within_days}")
    if not test.items:
        tests.append("points <= 0")
    return f"(coalesce(count(*) FILTER (WHERE {' AND '.join(tests)}), 0) >= {test.at_least})"


def duckdb_sql(lake: Lake, policy: Policy, number: int) -> str:
    """The whole rating of a shard in one statement."""
    day, card = f"DATE '{policy.as_of}'", policy.scorecard
    sums = ", ".join(
        f"greatest({dim.worst}, least({dim.best}, coalesce(sum(points) FILTER (WHERE dimension = {place}), 0)))"
        for place, dim in enumerate(card.dimensions.values())
    ).replace("), greatest", ") + greatest")
    gates = [rule for rule in rules(policy) if rule.gate is not None]
    held = ", ".join(f"{_condition_sql(rule.gate.when, lake, policy)} AS gate_{rule.id}" for rule in gates if rule.gate)
    bands = " ".join(
        f"WHEN score >= {tier.from_points} THEN {tier.rank}" for tier in policy.tiers if tier.from_points is not None
    )
    rank = f"CASE {bands} ELSE {len(policy.tiers) - 1} END"
    for rule in rules(policy):
        held_by = f"coalesce(gate_{rule.id}, false)" if rule.gate is not None else f"coalesce(list_{rule.id}, false)"
        function = "least" if rule.effect == "floor" else "greatest"
        rank = f"CASE WHEN {held_by} THEN {function}({rank}, {rule.rank}) ELSE {rank} END"
    lists = ", ".join(
        f"bool_or(list = {lake.codes.lists.index(rule.id)}) AS list_{rule.id}"
        for rule in rules(policy)
        if rule.kind == "list"
    )
    terms = " ".join(
        f"WHEN {lake.codes.lists.index(name)} THEN {listing.effect.term_days}"
        for name, listing in policy.lists.items()
        if listing.effect.term_days is not None
    )
    return f"""
    WITH known AS (
      SELECT file_row_number AS row, eidx, item, severity, {day} - act_date AS age,
             coalesce(revoked_on <= {day}, false) AS dead,
             CASE WHEN decision & {NUMBER} > 0 THEN decision & {SEVERAL - 1} END AS decision
      FROM read_parquet('{lake.path(number, "records")}', file_row_number = true)
      WHERE known_on <= {day} AND act_date <= {day}),
    weighed AS (
      SELECT *, (full_points * {_decay_sql(policy)}) / 1000 AS exact, age <= max_days AS alive
      FROM known JOIN catalogue USING (item, severity)),
    dated AS (
      SELECT *, CASE WHEN decision IS NULL THEN age ELSE max(age) OVER (PARTITION BY eidx, act_class, decision) END
             AS first_age
      FROM weighed),
    graded AS (
      SELECT *, max(abs(full_points)) OVER told AS grave, min(row) OVER told AS first_row
      FROM dated WHERE alive OR dead WINDOW told AS (PARTITION BY eidx, act_class, first_age, decision)),
    told AS (
      SELECT *, CASE WHEN decision IS NULL THEN 1 ELSE dense_rank() OVER (
               PARTITION BY eidx, act_class, first_age, decision // {AGENCY} ORDER BY grave DESC, first_row) END AS nth
      FROM graded),
    reached AS (
      SELECT *, coalesce(max(abs(full_points)) FILTER (WHERE dead)
                OVER (PARTITION BY eidx, act_class, first_age, nth), -1) AS reach
      FROM told),
    pointed AS (
      SELECT *, trunc(exact)::BIGINT AS points FROM reached WHERE NOT dead AND abs(full_points) > reach),
    ranked AS (
      SELECT *, (((abs(points) * 2 + (points < 0)::INT)::BIGINT << 32) | (4294967295 - row))::BIGINT AS weight
      FROM pointed),
    acts AS (
      SELECT eidx, max(weight) AS weight, arg_max(item, weight) AS item, arg_max(severity, weight) AS severity,
             arg_max(dimension, weight) AS dimension, arg_max(points, weight) AS points, arg_max(age, weight) AS age
      FROM ranked WHERE alive GROUP BY eidx, act_class, first_age, nth),
    totals AS (
      SELECT eidx, {card.base} + {sums} AS total, max(weight, 5) FILTER (WHERE points <> 0) AS heaviest
             {", " + held if held else ""}
      FROM acts GROUP BY eidx),
    listed AS (
      SELECT eidx, {lists} FROM (
        SELECT *, coalesce(to_date, from_date + (CASE list {terms} ELSE NULL END)::INT) AS last_on
        FROM read_parquet('{lake.path(number, "listings")}'))
      WHERE from_date <= {day} AND (last_on IS NULL OR last_on >= {day}) GROUP BY eidx),
    firms AS (SELECT range::UINTEGER AS eidx FROM range({lake.size(number)})),
    scored AS (
      SELECT *, greatest({card.lowest}, least({card.highest}, coalesce(total, {card.base}))) AS score
      FROM firms LEFT JOIN totals USING (eidx) LEFT JOIN listed USING (eidx))
    SELECT eidx, score, {rank} AS tier, heaviest FROM scored ORDER BY eidx
    """


def duckdb_rating(lake: Lake, policy: Policy, keep: bool) -> Result:
    """DuckDB, shard by shard (which favours it: less memory, dense keys)."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    connection.register("law", catalogue(lake, policy).to_arrow())
    connection.execute("CREATE TABLE catalogue AS SELECT * FROM law")
    for number in range(lake.shards):
        found = pl.from_arrow(connection.sql(duckdb_sql(lake, policy, number)).to_arrow_table())
        assert isinstance(found, pl.DataFrame)
        if keep:
            yield _arrays(found["score"].to_numpy(), found["tier"].to_numpy(), found["heaviest"])


def _arrays(score: np.ndarray, tier: np.ndarray, heaviest: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.zeros((score.size, 5), dtype=np.uint32)
    wide = heaviest.list.to_struct(fields=[f"p{n}" for n in range(5)]).struct.unnest()
    for place, name in enumerate(wide.columns):
        weight = wide[name]
        known = weight.is_not_null().to_numpy()
        rows[known, place] = 4294967295 - (weight.fill_null(0).to_numpy()[known] & 0xFFFFFFFF)
    return score.astype(np.int64), tier.astype(np.uint8), rows


def pandas_rating(lake: Lake, policy: Policy, keep: bool) -> Result:
    """pandas, shard by shard, as one would write it."""
    import pandas as pd

    law = pd.DataFrame(catalogue(lake, policy).to_dict(as_series=False))
    day = pd.Timestamp(policy.as_of)
    for number in range(lake.shards):
        frame = pd.read_parquet(lake.path(number, "records"), columns=list(COLUMNS))
        frame["row"] = np.arange(len(frame))
        for column in ("act_date", "known_on", "revoked_on"):
            frame[column] = pd.to_datetime(frame[column])
        frame = frame[(frame.known_on <= day) & (frame.act_date <= day)].merge(law, on=["item", "severity"])
        frame["age"] = (day - frame.act_date).dt.days
        frame["dead"] = frame.revoked_on <= day
        share = np.full(len(frame), 1000)
        for name, decay in policy.scorecard.decay.items():
            for start, per_mille in decay.steps:
                share[(frame.decay == name).to_numpy() & (frame.age >= start).to_numpy()] = per_mille
        full = frame.full_points.to_numpy()
        frame["points"] = np.sign(full) * (np.abs(full) * share // 1000)
        frame["alive"] = frame.age <= frame.max_days
        frame = _pandas_acts(frame)
        act = ["eidx", "act_class", "first_age", "nth"]
        frame["reach"] = frame.full_points.abs().where(frame.dead, -1)
        standing = ~frame.dead & (frame.full_points.abs() > frame.groupby(act).reach.transform("max"))
        frame = frame[standing & frame.alive]
        frame["weight"] = (frame.points.abs() * 2 + (frame.points < 0)) * 2**32 + (4294967295 - frame.row)
        frame = frame.sort_values("weight", ascending=False).drop_duplicates(act)
        yield from _pandas_totals(frame, lake, policy, number) if keep else [_pandas_last(frame, lake, policy, number)]


def _pandas_acts(frame):
    """Reports that matter, with the day of their decision and which of its agency's decisions of that day it is."""
    numbered = frame.decision & NUMBER > 0
    frame["told"] = (frame.decision & (SEVERAL - 1)).astype(np.int64)
    frame.loc[~numbered, "told"] = -1 - frame.row[~numbered]  # each without a number by itself
    frame["first_age"] = frame.groupby(["eidx", "act_class", "told"]).age.transform("max")
    frame = frame[frame.alive | frame.dead].copy()
    decisions = ["eidx", "act_class", "first_age", "told"]
    known = frame[frame.told >= 0]
    gravity = known.assign(full=-known.full_points.abs()).groupby(decisions)[["full", "row"]].min()
    gravity = gravity.reset_index().sort_values(["full", "row"])
    gravity["nth"] = gravity.groupby([*decisions[:3], gravity.told // AGENCY]).cumcount()
    frame = frame.merge(gravity[[*decisions, "nth"]], on=decisions, how="left")
    frame["nth"] = frame.nth.fillna(0).astype(np.int64)
    return frame.sort_values("row")


def _pandas_last(frame: object, lake: Lake, policy: Policy, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return next(_pandas_totals(frame, lake, policy, number))


def _pandas_totals(frame, lake: Lake, policy: Policy, number: int) -> Result:
    import pandas as pd

    size, card = lake.size(number), policy.scorecard
    sums = frame.groupby(["eidx", "dimension"]).points.sum().unstack(fill_value=0)
    total = pd.Series(card.base, index=range(size))
    for place, dim in enumerate(card.dimensions.values()):
        if place in sums:
            total = total.add(sums[place].clip(dim.worst, dim.best), fill_value=0)
    score = total.clip(card.lowest, card.highest).astype(np.int64).to_numpy()
    rank = np.full(size, len(policy.tiers) - 1)
    for tier in reversed(policy.tiers):
        rank[score >= (tier.from_points or 0)] = tier.rank
    listings = pd.read_parquet(lake.path(number, "listings"))
    listings["from_date"], listings["to_date"] = pd.to_datetime(listings.from_date), pd.to_datetime(listings.to_date)
    day = pd.Timestamp(policy.as_of)
    for rule in rules(policy):
        on = np.zeros(size, dtype=bool)
        if rule.kind == "list":
            mine = listings[(listings.list == lake.codes.lists.index(rule.id)) & (listings.from_date <= day)]
            term = policy.lists[rule.id].effect.term_days
            last = mine.to_date.fillna(mine.from_date + pd.Timedelta(days=term)) if term else mine.to_date
            on[mine.eidx[last.isna() | (last >= day)]] = True
        elif rule.gate is not None:
            on = _pandas_gate(frame, rule.gate.when, lake, size)
        rank[on] = (np.minimum if rule.effect == "floor" else np.maximum)(rank[on], rule.rank)
    top = frame[frame.points != 0].groupby("eidx").head(5)
    rows = np.zeros((size, 5), dtype=np.uint32)
    rows[top.eidx, top.groupby("eidx").cumcount()] = top.row
    yield score, rank.astype(np.uint8), rows


def _pandas_gate(frame, condition: Condition, lake: Lake, size: int) -> np.ndarray:
    if condition.any is not None:
        return np.logical_or.reduce([_pandas_gate(frame, part, lake, size) for part in condition.any])
    if condition.all is not None:
        return np.logical_and.reduce([_pandas_gate(frame, part, lake, size) for part in condition.all])
    on = np.zeros(size, dtype=bool)
    if condition.count is not None:
        test = condition.count
        chosen = (
            frame.points <= 0 if not test.items else frame.item.isin([lake.codes.items.index(n) for n in test.items])
        )
        if test.severities:
            chosen &= frame.severity.isin([SEVERITIES.index(severity) for severity in test.severities])
        if test.within_days is not None:
            chosen &= frame.age <= test.within_days
        counts = frame[chosen].groupby("eidx").size()
        on[counts.index[counts >= test.at_least]] = True
    return on
