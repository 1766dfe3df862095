"""What one night brings to a population that is already told: new acts, changed acts, decisions, list entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from models.synthetic.acts import acts, records_frame
from models.synthetic.firms import enterprises_frame, firms
from models.synthetic.redress import decisions_frame
from models.synthetic.standing import listings_frame
from models.synthetic.world import HORIZON, World


def world_on(n: int, seed: int, as_of: date, day: date) -> World:
    """The population of (n, seed, as_of) as it is known on `day`; ValueError outside as_of … as_of + 399 days."""
    nights = (day - as_of).days
    if not 0 <= nights < HORIZON:
        raise ValueError(f"Expected a day from {as_of} on and less than {HORIZON} days later, got {day}")
    return World(n, seed, as_of, nights)


def night(world: World, chunk: int = 50_000) -> Iterator[dict[str, pl.DataFrame]]:
    """Rows of the world's day by table: `records` (with the enterprise's `name`), `decisions`, `listings`."""
    for start in range(0, world.n, chunk):
        some = firms(world, np.arange(start, min(start + chunk, world.n), dtype=np.int64))
        what = acts(world, some)
        names = enterprises_frame(world, some).select("enterprise_id", "name")
        records = records_frame(world, some, what, fresh=True)
        listings = listings_frame(world, some)
        yield {
            "records": records.join(names, on="enterprise_id", how="left", maintain_order="left"),
            "decisions": decisions_frame(world, some, what, fresh=True),
            "listings": listings.filter(pl.col("from_date") == world.today_date),
        }
