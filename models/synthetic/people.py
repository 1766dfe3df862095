"""Inspectors with skills, districts and absences; conflicts of interest; visits that took place or must."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl

from models.records import ABSENCES, CONFLICTS, INSPECTORS, MUST_VISITS, VISITS
from models.synthetic.draws import I64, Bool
from models.synthetic.firms import Firms, firms
from models.synthetic.world import World, days

_FAMILY, _GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡", "伟芳娜敏静强磊军洋勇艳杰涛明超霞平刚桂兰"
_RESULTS = ("no_problem", "problem", "unreachable", "not_published", "concealment", "refused", "closed")
_MUST = ("complaint", "referral", "recheck", "media", "emergency")


@cache
def inspectors_frame(world: World) -> pl.DataFrame:
    """INSPECTORS: one in eight knows every trade, the others three to five; each works in two to four districts."""
    rules = world.scale.inspectors
    count = max(rules.at_least, world.n * rules.per_100k // 100_000)
    return pl.DataFrame([_inspector(world, number, count) for number in range(count)], schema=INSPECTORS)


def _inspector(world: World, number: int, team: int) -> dict[str, object]:
    draws, key = world.draws, np.array([number], dtype=np.int64)
    regions = [row[0] for row in world.districts]
    trades = list(world.scale.industries)
    few = len(regions) // 8 if team > 3 * len(regions) else len(regions) // 3
    width = 1 + few + int(draws.whole("districts", key, 0, 2)[0])
    soon = 30 if draws.chance("licence ends soon", key, 40)[0] else 130
    skills = 3 + int(draws.whole("skills", key, 0, 2)[0])
    name = _FAMILY[number % len(_FAMILY)] + _GIVEN[int(draws.whole("given", key, 0, len(_GIVEN) - 1)[0])]
    return {
        "inspector_id": f"I{number + 1:05d}",
        "name": name + (_GIVEN[number % len(_GIVEN)] if number % 3 else ""),
        "districts": sorted({regions[(number // 2 * 3 + number % 2 + step) % len(regions)] for step in range(width)}),
        "skills": ["*"]
        if number // len(regions) % 2 == 0
        else sorted({trades[(number * 3 + step) % 10] for step in range(skills)}),
        "licence_to": world.as_of + timedelta(days=int(draws.whole("licence", key, soon, soon + 1300)[0])),
        "daily_minutes": world.scale.inspectors.daily_minutes,
    }


def absences_frame(world: World) -> pl.DataFrame:
    """ABSENCES of the year after `as_of`: leave, training, other duties; one spell each fortnight."""
    team = inspectors_frame(world)["inspector_id"]
    fortnights = 27
    key = np.arange(len(team) * fortnights, dtype=np.int64)
    usual = 14 * world.scale.inspectors.absent // 1000
    away = world.draws.whole("away", key, usual - 2, usual + 2)
    start = world.anchor + 1 + key % fortnights * 14 + world.draws.whole("away from", key, 0, 14 - away)
    frame = pl.DataFrame(
        {"inspector_id": team.gather(key // fortnights), "from_date": days(start), "to_date": days(start + away - 1)},
        schema=ABSENCES,
    )
    return frame.filter(pl.Series(away > 0))


def conflicts_frame(world: World) -> pl.DataFrame:
    """CONFLICTS: each inspector has none to three enterprises of a relative or a former employer."""
    count = len(inspectors_frame(world))
    key = np.arange(count * 3, dtype=np.int64)
    key = key[world.draws.chance("conflict", key, 400)]
    whose = firms(world, world.draws.whole("conflict with", key, 0, world.n - 1))
    return pl.DataFrame(
        {
            "inspector_id": inspectors_frame(world)["inspector_id"].gather(key // 3),
            "enterprise_id": whose.enterprise_id,
            "reason": pl.Series(("relative", "former employer", "shares")).gather(key % 3),
        },
        schema=CONFLICTS,
    ).unique(["inspector_id", "enterprise_id"], maintain_order=True)


def must_visits_frame(world: World) -> pl.DataFrame:
    """MUST_VISITS of the quarter after `as_of`: complaints, referrals, re-checks, emergencies; about 1 per 1,000."""
    key = np.arange(max(2, world.n // 1000), dtype=np.int64)
    whose = firms(world, np.unique(world.draws.whole("must", key, 0, world.n - 1)))
    first = world.anchor + 1 + world.draws.whole("must from", whose.index, 0, 40)
    return pl.DataFrame(
        {
            "enterprise_id": whose.enterprise_id,
            "reason": pl.Series(_MUST).gather(world.draws.choice("must why", whose.index, [50, 20, 20, 7, 3])),
            "not_before": days(first),
            "not_after": days(first + 40),
        },
        schema=MUST_VISITS,
    )


def truth_frame(world: World, firms: Firms) -> pl.DataFrame:
    """enterprise_id, would_fail, dishonesty: what an inspection would find. Never an input of a rating."""
    return pl.DataFrame(
        {"enterprise_id": firms.enterprise_id, "would_fail": _fails(world, firms), "dishonesty": firms.dishonesty}
    )


def _fails(world: World, firms: Firms) -> Bool:
    rules, steep = world.scale.would_fail, firms.dishonesty**2
    return world.draws.chance("would fail", firms.index, rules["base"] + rules["slope"] * (steep * steep) ** 2)


def visits_frame(world: World, firms: Firms) -> pl.DataFrame:
    """VISITS of the two years before `as_of`; a problem is found where there is one, most of the time."""
    rules, draws = world.scale.visits, world.draws
    which = np.flatnonzero(draws.chance("visited", firms.index, rules["per_year"] * 2))
    key = firms.index[which]
    day = draws.whole("visit day", key, world.anchor - 730, world.anchor - 1)
    seen = _fails(world, firms)[which] & draws.chance("found", key, 850)
    other = draws.choice("visit result", key, [88, 0, 5, 4, 1, 1, 1])
    frame = pl.DataFrame(
        {
            "visit_id": "V" + pl.Series(key).cast(pl.String),
            "enterprise_id": firms.enterprise_id.gather(which),
            "visit_date": days(day),
            "inspectors": _pair(world, key),
            "purpose": pl.Series(("random", "directed", "complaint")).gather(draws.choice("purpose", key, [70, 24, 6])),
            "result": pl.Series(_RESULTS).gather(np.where(seen, 1, other)),
        },
        schema=VISITS,
    )
    return frame.filter(pl.Series(day > firms.registered[which] + 30))


def _pair(world: World, key: I64) -> pl.Series:
    """Two different inspectors."""
    ids = inspectors_frame(world)["inspector_id"]
    first = world.draws.whole("first inspector", key, 0, len(ids) - 1)
    second = (first + world.draws.whole("second inspector", key, 1, len(ids) - 1)) % len(ids)
    both = pl.DataFrame({"a": ids.gather(first), "b": ids.gather(second)})
    return both.select(pl.concat_list("a", "b")).to_series()
