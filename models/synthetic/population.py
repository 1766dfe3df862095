"""The population, told in chunks of enterprises: frames of models.records, as intake would deliver them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from models.synthetic.acts import acts, first_reports_frame, records_frame
from models.synthetic.firms import enterprises_frame, firms
from models.synthetic.people import (
    absences_frame,
    conflicts_frame,
    inspectors_frame,
    must_visits_frame,
    truth_frame,
    visits_frame,
)
from models.synthetic.redress import decisions_frame
from models.synthetic.standing import indicators_frame, links_frame, listings_frame
from models.synthetic.world import World


@dataclass(frozen=True)
class Chunk:
    """Enterprises `start` … and all that is known of them; `tables` by name of models.records.TABLES.

    The first chunk also holds what belongs to no enterprise: inspectors, absences, conflicts, must_visits.
    `truth` (enterprise_id, would_fail, dishonesty) is for evaluation only. `first_reports` (record_id, first_amount)
    holds what was published before a late correction.
    """

    start: int
    tables: dict[str, pl.DataFrame]
    truth: pl.DataFrame
    first_reports: pl.DataFrame


def generate(n: int, seed: int, as_of: date, chunk: int = 50_000, *, density: float = 1.0) -> Iterator[Chunk]:
    """`n` enterprises in chunks; the same rows whatever the chunk. `density` multiplies acts per enterprise.

    Raises ValueError for n < 1, chunk < 1 or density ≤ 0. Memory depends on `chunk` only.
    """
    if chunk < 1:
        raise ValueError(f"Expected chunk ≥ 1, got {chunk}")
    yield from tell(World(n, seed, as_of, density=density), chunk)


def tell(world: World, chunk: int) -> Iterator[Chunk]:
    """The chunks of a world."""
    for start in range(0, world.n, chunk):
        yield one_chunk(world, start, min(start + chunk, world.n))


def one_chunk(world: World, start: int, stop: int) -> Chunk:
    """Enterprises start … stop − 1."""
    some = firms(world, np.arange(start, stop, dtype=np.int64))
    what = acts(world, some)
    tables = {
        "enterprises": enterprises_frame(world, some),
        "records": records_frame(world, some, what),
        "links": links_frame(world, some),
        "listings": listings_frame(world, some),
        "indicators": indicators_frame(world, some),
        "decisions": decisions_frame(world, some, what),
        "visits": visits_frame(world, some),
    }
    if start == 0:
        tables |= people_frames(world)
    return Chunk(start, tables, truth_frame(world, some), first_reports_frame(world, what))


def people_frames(world: World) -> dict[str, pl.DataFrame]:
    """Tables that belong to the authority rather than to enterprises."""
    return {
        "inspectors": inspectors_frame(world),
        "absences": absences_frame(world),
        "conflicts": conflicts_frame(world),
        "must_visits": must_visits_frame(world),
    }
