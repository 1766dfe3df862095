"""The register of decisions: objections, repairs, revocations of single acts; relief for places and trades."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from models.records import DECISIONS
from models.synthetic.acts import Acts, record_ids
from models.synthetic.draws import I64, Bool
from models.synthetic.firms import Firms
from models.synthetic.world import World, days

_NOBODY = np.int64(-1)


def decisions_frame(world: World, firms: Firms, acts: Acts, *, fresh: bool = False) -> pl.DataFrame:
    """DECISIONS filed by the world's day; open ones without an outcome. With `fresh`, those of that very day."""
    rules, draws = world.scale.decisions, world.draws
    bad = acts.amount >= 0
    objects = draws.chance("objects", acts.key, rules["objection"]) & bad
    filed = acts.known + draws.whole("objects after", acts.key, 3, 60)
    mended = (acts.corrected >= 0) & draws.chance("repairs", acts.key, rules["repair"]) & bad
    asked = np.maximum(acts.corrected, acts.known) + draws.whole("repairs after", acts.key, 95, 420)
    withdrawn = acts.revoked >= 0
    frames = [
        _decided(world, firms, acts, objects, "objection", filed, "upheld", 180),
        _decided(world, firms, acts, mended, "repair", asked, "granted", 820),
        _decided(world, firms, acts, withdrawn, "revocation", acts.revoked - 2, "granted", 1000),
    ]
    if fresh:
        today = pl.lit(world.today_date)
        return pl.concat(frames).filter((pl.col("filed_on") == today) | (pl.col("decided_on") == today))
    if len(firms) and firms.index[0] == 0:
        frames.append(relief_frame(world))
    return pl.concat(frames)


def _decided(
    world: World, firms: Firms, acts: Acts, who: Bool, kind: str, filed: I64, good: str, share: int
) -> pl.DataFrame:
    """One kind of decision on single acts; `share` per mille end with `good`, the rest are rejected."""
    few = acts.take(who & (filed <= world.today) & (acts.known <= world.today))
    filed = filed[who & (filed <= world.today) & (acts.known <= world.today)]
    lasts = 2 if kind == "revocation" else world.draws.whole(f"{kind} takes", few.key, 8, 45)
    decided = filed + lasts
    closed = decided <= world.today
    favoured = world.draws.chance(f"{kind} outcome", few.key, share)
    outcome = np.where(closed, np.where(favoured, 1, 2), 0)
    effect = closed & favoured & (kind != "objection")
    return pl.DataFrame(
        {
            "decision_id": kind[:3].upper() + "-" + pl.Series(few.key).cast(pl.String),
            "kind": pl.repeat(kind, len(filed), eager=True),
            "record_id": record_ids(few, world.scale.agencies),
            "enterprise_id": firms.enterprise_id.gather(few.firm),
            "filed_on": days(filed),
            "decided_on": days(decided, closed),
            "outcome": pl.Series([None, good, "rejected"], dtype=pl.String).gather(outcome),
            "from_date": days(decided, effect),
            "officer": pl.Series([None, *OFFICERS], dtype=pl.String).gather(
                np.where(closed, 1 + few.key % len(OFFICERS), 0)
            ),
            "reason": pl.repeat(_WHY[kind], len(filed), eager=True),
        },
        schema_overrides=DECISIONS,
    ).select(
        pl.col(name) if name in _GIVEN else pl.lit(None, dtype=kind_).alias(name) for name, kind_ in DECISIONS.items()
    )


OFFICERS = ("赵敏", "钱立", "孙晓", "李文", "周平")
_WHY = {"objection": "当事人提出异议", "repair": "已改正并作出信用承诺", "revocation": "行政复议撤销原决定"}
_GIVEN = {
    "decision_id",
    "kind",
    "record_id",
    "enterprise_id",
    "filed_on",
    "decided_on",
    "outcome",
    "from_date",
    "officer",
    "reason",
}


def relief_frame(world: World) -> pl.DataFrame:
    """Relief windows: a district after a flood, a trade in a bad season, a few enterprises of their own."""
    draws = world.draws
    count = 3 + world.n * world.scale.decisions["relief_per_100k"] // 100_000
    rows = []
    for number in range(count):
        key = np.array([number], dtype=np.int64)
        start = world.as_of - timedelta(days=int(draws.whole("relief from", key, 60, 700)[0]))
        region = world.districts[int(draws.whole("relief district", key, 0, len(world.districts) - 1)[0])][0]
        trade = list(world.scale.industries)[
            int(draws.whole("relief trade", key, 0, len(world.scale.industries) - 1)[0])
        ]
        rows.append(
            {
                "decision_id": f"REL-{number}",
                "kind": "relief",
                "region": region,
                "industry": trade,
                "item": ("tax_late_filing", "late_annual_report", None)[number % 3],
                "filed_on": start,
                "decided_on": start + timedelta(days=5),
                "outcome": "granted",
                "from_date": start,
                "to_date": start + timedelta(days=30 + int(draws.whole("relief for", key, 0, 60)[0])),
                "officer": OFFICERS[number % len(OFFICERS)],
                "reason": ("暴雨洪涝灾害", "季节性停产", "系统故障")[number % 3],
            }
        )
    return pl.DataFrame(rows, schema=DECISIONS)
