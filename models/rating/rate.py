"""Tables in memory → ratings."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from config.in_force import Policy
from models.rating.decode import decode
from models.rating.encoding import encode
from models.rating.engine import prepare, rated
from models.rating.linked import carried, link_shards
from models.rating.rubric import compile_rubric


def rate(tables: Mapping[str, pl.DataFrame], policy: Policy, *, history: pl.DataFrame | None = None) -> pl.DataFrame:
    """RATINGS of every enterprise of `tables` (models.records.TABLES) on the policy's day, by enterprise_id.

    history: earlier ratings (models.rating.history.HISTORY), for gates that look back or at another pack.
    Raises InputError for unusable rows, PolicyError where the pack contradicts itself on that day.
    """
    shard = encode(tables)
    rubric = compile_rubric(policy, shard.codes.items)
    inputs = prepare(shard, rubric, history)
    first = rated(inputs)
    results = link_shards({0: shard}, {0: inputs}, {0: first}, history)
    final = rated(inputs, carried(results, 0, inputs.today)) if results else first
    return decode(shard, final, rubric, inputs.today)
