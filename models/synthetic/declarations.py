"""A day's import declarations of the population, the offices' minutes, and what an examination would find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from models.synthetic.draws import I64
from models.synthetic.firms import Firms, firms
from models.synthetic.standing import documents
from models.synthetic.world import World

_MOST = 25  # declarations of one importer a day
_MUST = ("referral", "intelligence", "sanctions")


def declarations(world: World, chunk: int = 50_000) -> Iterator[pl.DataFrame]:
    """The world's day: declaration_id, office, enterprise_id, commodity, examination, risk, must, would_find.

    One row per declaration. `would_find` is the truth and for evaluation only; `risk` is the goods' profile.
    """
    for start in range(0, world.n, chunk):
        yield _some(world, firms(world, np.arange(start, min(start + chunk, world.n), dtype=np.int64)))


def _some(world: World, some: Firms) -> pl.DataFrame:
    draws, scale = world.draws, world.scale
    trades, filed = documents(world, some)
    today = some.index * 1024 + world.nights
    spread = 2 * draws.uniform("declares today", today)
    count = np.where(
        trades, np.minimum((filed / 365 * spread + draws.uniform("or not", today)).astype(np.int64), _MOST), 0
    )
    firm = np.repeat(np.arange(len(some)), count)
    number = np.arange(len(firm)) - np.repeat(np.cumsum(count) - count, count)
    key = today[firm] * 512 + number
    goods = draws.choice("goods", key, [weight for _, weight, _ in scale.goods])
    risk = np.array([risk for _, _, risk in scale.goods])[goods]
    kinds = scale.declarations.examinations
    must = draws.chance("must examine", key, scale.declarations.must)
    reason = pl.Series([None, *_MUST], dtype=pl.String).gather(np.where(must, 1 + key % len(_MUST), 0))
    return pl.DataFrame(
        {
            "declaration_id": f"{world.today_date:%Y%m%d}" + pl.Series(key % 10**12).cast(pl.String).str.zfill(12),
            "office": pl.Series(list(scale.declarations.offices)).gather(_office(world, some.index[firm], key)),
            "enterprise_id": some.enterprise_id.gather(firm),
            "commodity": pl.Series([code for code, _, _ in scale.goods]).gather(goods),
            "examination": pl.Series(list(kinds)).gather(draws.choice("examination", key, list(kinds.values()))),
            "risk": risk,
            "must": reason,
            "would_find": draws.chance("would find", key, risk * 2 * some.dishonesty[firm] ** 2),
        }
    )


def _office(world: World, index: I64, key: I64) -> I64:
    """The importer's usual office, now and then another."""
    rules = world.scale.declarations
    weights = list(rules.offices.values())
    usual = world.draws.choice("usual office", index, weights)
    other = world.draws.choice("other office", key, weights)
    return np.where(world.draws.chance("at the usual", key, rules.usual), usual, other)


def offices_frame(world: World) -> pl.DataFrame:
    """office, examination (null = all that have no people of their own), minutes a day."""
    rules = world.scale.declarations
    total, weights = max(1, world.n * rules.minutes_per_1000 // 1000), sum(rules.offices.values())
    rows: list[tuple[str, str | None, int]] = []
    for office, weight in rules.offices.items():
        minutes = max(240, total * weight // weights)
        scanner = max(60, minutes * rules.scanners // 1000)
        rows += [(office, "scan", scanner), (office, None, max(240, minutes - scanner))]
    return pl.DataFrame(rows, schema={"office": pl.String, "examination": pl.String, "minutes": pl.Int64}, orient="row")
