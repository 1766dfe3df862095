"""A saved plan is the plan; a published draw replays, and any change in it is found."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import InputError
from models.inspection import load_plan, make_plan, verify_draw, violations
from tests.models.inspection.world import world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans") / "q3"
    make_plan(world(n=1500, inspectors=15)).save(folder)
    return folder


def test_a_loaded_plan_is_the_saved_one(folder: Path) -> None:
    given = world(n=1500, inspectors=15)
    plan, loaded = make_plan(given), load_plan(folder)
    assert_frame_equal(plan.visits, loaded.visits)
    assert_frame_equal(plan.left_out, loaded.left_out)
    assert_frame_equal(plan.draw.pool, loaded.draw.pool)
    assert violations(loaded, given) == []
    assert (loaded.objective, loaded.bound, loaded.notes) == (plan.objective, plan.bound, plan.notes)


def test_a_true_draw_replays(folder: Path) -> None:
    assert verify_draw(folder) == []


def _copy(folder: Path, to: Path) -> Path:
    for name in ("draw.json", "strata.csv", "pool.csv"):
        (to / name).write_bytes((folder / name).read_bytes())
    return to


def test_another_seed_is_found(folder: Path, tmp_path: Path) -> None:
    copy = _copy(folder, tmp_path)
    head = json.loads((copy / "draw.json").read_text())
    (copy / "draw.json").write_text(json.dumps(head | {"seed": b"chosen later".hex()}))
    assert any(found.startswith("commitment") for found in verify_draw(copy))


def test_a_firm_spared_by_hand_is_found(folder: Path, tmp_path: Path) -> None:
    copy = _copy(folder, tmp_path)
    pool = pl.read_csv(copy / "pool.csv")
    first = pool.filter("drawn")["enterprise_id"][0]
    pool.with_columns(
        pl.when(pl.col("enterprise_id") == first).then(False).otherwise("drawn").alias("drawn")
    ).write_csv(copy / "pool.csv")
    assert verify_draw(copy) == [f"{first}: not drawn published, the opposite replayed"]


def test_a_firm_removed_from_the_pool_is_found(folder: Path, tmp_path: Path) -> None:
    copy = _copy(folder, tmp_path)
    pl.read_csv(copy / "pool.csv").tail(-1).write_csv(copy / "pool.csv")
    assert "pool: its hash is not the one published" in verify_draw(copy)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"draw\.json"):
        verify_draw(tmp_path)
    with pytest.raises(InputError, match=r"plan\.json"):
        load_plan(tmp_path)
