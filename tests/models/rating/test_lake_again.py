"""A night over the lake: the patch equals rating everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.errors import UsageError
from models.intake.generation import write_lake
from models.rating import rate
from models.rating.lake_again import rate_lake_again
from models.rating.lake_run import rate_lake
from models.rating.rated_files import open_run, read_run
from models.redress.known import as_known
from tests.models.rating.worlds import AS_OF, QUICK, market, with_links, world


def settled(seed: int) -> dict[str, pl.DataFrame]:
    """A world in which everything is known and no relief window is open."""
    tables = as_known(world(seed, firms=20), AS_OF)
    return tables | {"decisions": tables["decisions"].filter(pl.col("kind") != "relief")}


@settings(QUICK, max_examples=6)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 200))
def test_nights_of_patches_equal_rating_everything(seed: int, shards: int, days: int) -> None:
    tables, first = settled(seed), market()
    with TemporaryDirectory() as folder:
        lake = write_lake(tables, Path(folder) / "lake", shards, mapped=True)
        run, since = rate_lake(lake, first, Path(folder) / "out"), first
        for ahead in (days, days + 1, days + 150):
            night = replace(first, as_of=AS_OF + timedelta(days=ahead))
            changed = {0: np.arange(min(3, lake.size(0)), dtype=np.uint32)}
            run, since = rate_lake_again(lake, run, since, night, changed), night
            found = pl.concat(read_run(open_run(Path(folder) / "out"), lake, night)).sort("enterprise_id")
            assert_frame_equal(found, rate(tables, night))


def test_everything_is_rated_where_a_patch_would_not_do(tmp_path: Path) -> None:
    tables, policy = settled(3), market()
    lake = write_lake(tables, tmp_path / "lake", 2, mapped=True)
    run = rate_lake(lake, policy, tmp_path / "out")
    night = replace(policy, as_of=AS_OF + timedelta(days=1))
    with pytest.raises(UsageError, match="law differs"):
        rate_lake_again(lake, run, policy, replace(night, default_tier="D"), {})
    with pytest.raises(UsageError, match="links are enabled"):
        rate_lake_again(lake, run, with_links(policy), with_links(night), {})
    plain = write_lake(tables, tmp_path / "plain", 2)
    with pytest.raises(UsageError, match="no mapped records"):
        rate_lake_again(plain, run, policy, night, {})
