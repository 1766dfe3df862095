"""The lake: what goes in comes out, one whole generation at a time, and damage is named."""

from __future__ import annotations

from pathlib import Path
from random import Random

import polars as pl
import pytest

from config.errors import StoreError, UsageError
from models.intake.generation import Generation, shard_of, write_lake
from models.intake.lake import open_lake, prune
from models.intake.mapped import pick
from models.rating.encoding import codes_of
from tests.models.rating.worlds import world


def test_every_row_is_in_exactly_one_shard(tmp_path: Path) -> None:
    tables = world(4, firms=30)
    lake = write_lake(tables, tmp_path, 5)
    shards = [lake.shard(number, whole=True) for number in range(5)]
    assert sorted(name for s in shards for name in s.enterprises["enterprise_id"]) == sorted(
        tables["enterprises"]["enterprise_id"]
    )
    for part in ("records", "links", "listings"):
        assert sum(getattr(s, part).height for s in shards) == tables[part].height == lake.rows()[part]
    for number, one in enumerate(shards):
        assert all(shard_of(name, 5) == number for name in one.enterprises["enterprise_id"])
        assert one.records["eidx"].is_sorted()
    back = pl.concat(
        s.records.select(
            "record_id",
            pl.Series("enterprise_id", s.enterprises["enterprise_id"].gather(s.records["eidx"])),
            pl.Series("item", pl.Series(lake.codes.items).gather(s.records["item"])),
            "act_date",
            "amount",
        )
        for s in shards
    ).sort("record_id")
    assert back.equals(tables["records"].select(back.columns).sort("record_id"))


def test_the_same_rows_in_any_order_are_the_same_generation(tmp_path: Path) -> None:
    tables = world(4)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=1) for name, frame in tables.items()}
    assert write_lake(tables, tmp_path / "a", 3).generation == write_lake(shuffled, tmp_path / "b", 3).generation
    assert write_lake(world(5), tmp_path / "a", 3).generation != open_lake(tmp_path / "b").generation


def test_a_writer_that_dies_leaves_the_former_generation(tmp_path: Path) -> None:
    former = write_lake(world(4), tmp_path, 2)

    def dying() -> None:
        with Generation(tmp_path, 2, codes_of(world(5))) as generation:
            generation.write("persons.parquet", pl.DataFrame({"person": [1]}))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dying()
    assert open_lake(tmp_path, digests=True).generation == former.generation
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("harm", ["missing", "truncated", "altered"])
def test_damage_is_named(tmp_path: Path, harm: str) -> None:
    lake = write_lake(world(4), tmp_path, 3)
    victim = lake.path(2, "links")
    whole = bytearray(victim.read_bytes())
    if harm == "missing":
        victim.unlink()
    elif harm == "truncated":
        victim.write_bytes(whole[:-1])
    else:
        whole[len(whole) // 2] ^= 1
        victim.write_bytes(whole)
        assert open_lake(tmp_path).shards == 3  # sizes agree
    with pytest.raises(StoreError, match=r"shard-00002/links\.parquet"):
        open_lake(tmp_path, digests=True)


def test_no_lake_and_bad_numbers(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run intake first"):
        open_lake(tmp_path)
    with pytest.raises(UsageError, match="0 shards"):
        write_lake(world(4), tmp_path, 0)


def test_pruning_keeps_what_is_in_force(tmp_path: Path) -> None:
    names = [write_lake(world(seed), tmp_path, 2).generation for seed in (1, 2, 3)]
    prune(tmp_path, keep=names[:1])
    assert sorted(path.name for path in tmp_path.glob("gen-*")) == sorted([names[0], names[2]])


def test_mapped_records_are_the_records(tmp_path: Path) -> None:
    lake = write_lake(world(6, firms=25), tmp_path, 2, mapped=True)
    shard = lake.shard(1, whole=True)
    some = sorted(Random(3).sample(range(shard.size), shard.size // 2))
    columns = ["item", "severity", "act_date", "known_on", "amount", "corrected_on", "ends_on", "revoked_on"]
    found, places, counts = pick(lake.folder / "shard-00001", pl.Series(some, dtype=pl.UInt32).to_numpy(), columns)
    expected = shard.records.with_row_index("row").filter(pl.col("eidx").is_in(some))
    assert found.equals(expected.select(columns))
    assert places.tolist() == expected["row"].to_list()
    assert counts.tolist() == [shard.records.filter(pl.col("eidx") == n).height for n in some]


@pytest.mark.parametrize("harm", ["missing", "truncated", "altered"])
def test_writing_again_mends_what_was_damaged(tmp_path: Path, harm: str) -> None:
    lake = write_lake(world(4), tmp_path, 3)
    victim = lake.path(1, "records")
    content = bytearray(victim.read_bytes())
    if harm == "missing":
        victim.unlink()
    else:
        content[len(content) // 2] ^= 1
        victim.write_bytes(content[:-1] if harm == "truncated" else content)
    assert write_lake(world(4), tmp_path, 3).generation == lake.generation
    assert open_lake(tmp_path, digests=True).generation == lake.generation
