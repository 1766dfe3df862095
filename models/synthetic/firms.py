"""Enterprises: where, what, how large, how old, and how honest at heart (which no register shows)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from models.records import ENTERPRISES
from models.synthetic.draws import F64, I64
from models.synthetic.identifiers import credit_codes
from models.synthetic.owners import Owners, owners
from models.synthetic.world import World, days

SIZES = ("micro", "small", "medium", "large")
OWNERSHIP = ("private", "state", "foreign", "hmt", "collective")
STATUS = ("active", "closed", "revoked", "moved")
_KINSHIP = 0.45
"""Share of the variance of dishonesty that enterprises of one head have in common."""


@dataclass(frozen=True)
class Firms:
    """Arrays over enterprises; `registered` in days since 1970, `dishonesty` in (0, 1)."""

    index: I64
    uscc: pl.Series
    enterprise_id: pl.Series
    district: I64
    industry: I64
    size: I64
    registered: I64
    dishonesty: F64
    owners: Owners

    def __len__(self) -> int:
        return len(self.index)


def firms(world: World, index: I64) -> Firms:
    """The enterprises with these numbers; each depends on (n, seed, as_of) and its own number only."""
    draws, scale = world.draws, world.scale
    held = owners(world, index)
    place = np.where(held.shell, -held.group, index)  # shells of one head share their place
    district = draws.choice("district", place, [weight for _, _, weight, _, _ in world.districts])
    industry = draws.choice("industry", index, [row.weight for row in scale.industries.values()])
    size = np.where(held.shell, 0, draws.choice("size", index, [62, 27, 8, 3]))
    uscc = credit_codes(index, [row[0] for row in world.districts], district, draws)
    return Firms(
        index=index,
        uscc=uscc,
        enterprise_id=("cn:" + uscc).alias("enterprise_id"),
        district=district,
        industry=industry,
        size=size,
        registered=_registered(world, index, held),
        dishonesty=_dishonesty(world, index, held),
        owners=held,
    )


def _registered(world: World, index: I64, held: Owners) -> I64:
    """Young firms are more common than old ones; shells of one head came within a month."""
    youth = world.draws.uniform("age", np.where(held.shell, -held.group, index))
    age = 45 + (youth * np.sqrt(youth) * 9000).astype(np.int64)
    return world.anchor - age + np.where(held.shell, world.draws.whole("shell day", index, 0, 30), 0)


def _dishonesty(world: World, index: I64, held: Owners) -> F64:
    """A latent in (0, 1), middle 1/2, shared in part among the enterprises of one head."""
    own = world.draws.normal("own honesty", index)
    shared = world.draws.normal("head's honesty", held.group) + np.where(held.shell, 1.1, 0.0)
    z = np.sqrt(1 - _KINSHIP) * own + np.sqrt(_KINSHIP) * shared
    return np.asarray((1.0 + z / (1.0 + np.abs(z))) / 2.0)


def enterprises_frame(world: World, firms: Firms) -> pl.DataFrame:
    """ENTERPRISES of these firms, in the order of their numbers."""
    draws = world.draws
    codes = pl.Series([row[0] for row in world.districts])
    centre = np.array([[row[3], row[4]] for row in world.districts])[firms.district]
    spread = np.stack([draws.normal(axis, firms.index) * 0.06 for axis in ("north", "east")], axis=1)
    return pl.DataFrame(
        {
            "enterprise_id": firms.enterprise_id,
            "name": _names(world, firms),
            "region": codes.gather(firms.district),
            "industry": pl.Series(list(world.scale.industries)).gather(firms.industry),
            "size": pl.Series(SIZES).gather(firms.size),
            "ownership": pl.Series(OWNERSHIP).gather(draws.choice("ownership", firms.index, [78, 6, 6, 5, 5])),
            "registered_on": days(firms.registered),
            "status": pl.Series(STATUS).gather(draws.choice("status", firms.index, [955, 25, 12, 8])),
            "latitude": np.round(centre[:, 0] + spread[:, 0], 5),
            "longitude": np.round(centre[:, 1] + spread[:, 1], 5),
        },
        schema=ENTERPRISES,
    )


def _names(world: World, firms: Firms) -> pl.Series:
    """District, two characters of a brand, trade, legal form; alike names occur, as they do."""
    scale, draws = world.scale, world.draws
    brand = pl.Series(list(scale.brand))
    letters = [draws.whole(f"brand {place}", firms.index, 0, len(scale.brand) - 1) for place in (1, 2)]
    parts = [
        pl.Series([row[1] for row in world.districts]).gather(firms.district),
        brand.gather(letters[0]),
        brand.gather(letters[1]),
        pl.Series([row.name for row in scale.industries.values()]).gather(firms.industry),
        pl.Series(scale.forms).gather(draws.choice("form", firms.index, [62, 12, 6, 8, 12])),
    ]
    return pl.select(pl.concat_str(parts)).to_series()
