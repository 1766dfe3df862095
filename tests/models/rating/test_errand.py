"""Passes as errands: over other workers, over an object store, by a law that each worker reads for itself."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import fsspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import PolicyError, StoreError
from config.in_force import Policy
from config.policy import load_policy, scenario_named
from models.intake.bucket import Bucket, Place
from models.intake.generation import write_lake
from models.intake.lake import open_lake
from models.rating import rate, remember
from models.rating.errand import Errand, NamedLaw, Task, threads
from models.rating.lake_run import rate_lake, tell_lake
from models.rating.passes import first_pass
from models.rating.rated_files import open_run, read_run
from tests.models.rating.worlds import AS_OF, market, with_links, world

LINKS = scenario_named("links-on")


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    yield Bucket(f"memory://{tmp_path.name}")
    fsspec.filesystem("memory").store.clear()


def law(policy: Policy, scenario: Path | None = None) -> NamedLaw:
    return NamedLaw(policy.pack, scenario, policy.as_of, policy.digest)


def pickled(task: Task, shards: Sequence[int]) -> list[int]:
    """A mapper that sends tasks and counts through pickle, as workers elsewhere get them, and in another order."""
    sent = pickle.dumps(task)
    assert len(sent) < 2_000  # addresses and names, whatever the lake
    counts = {number: pickle.loads(sent)(number) for number in reversed(shards)}
    assert all(type(count) is int for count in counts.values())
    return [counts[number] for number in shards]


@pytest.mark.parametrize("linked", [False, True])
def test_a_bucket_and_workers_elsewhere_give_the_same_ratings(bucket: Bucket, tmp_path: Path, linked: bool) -> None:
    scenario = LINKS if linked else None
    policy = load_policy("market", scenario).at(AS_OF)
    tables = world(7, firms=40)
    expected = rate(tables, policy)
    places: list[tuple[Place, Place]] = [(tmp_path / "lake", tmp_path / "out"), (bucket / "lake", bucket / "out")]
    for root, out in places:
        lake = write_lake(tables, root, 3)
        run = rate_lake(lake, policy, out, mapper=pickled, law=law(policy, scenario), digests=True)
        assert_frame_equal(pl.concat(read_run(run, lake, policy)).sort("enterprise_id"), expected)
        told = pl.concat(tell_lake(run, lake, policy, mapper=pickled, law=law(policy, scenario)))
        assert_frame_equal(told.sort("enterprise_id"), expected)
        assert open_run(out) == run
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["manifest.json", *(f"{kind}-{n:05d}.{end}" for n in range(3)
                            for kind, end in (("ratings", "arrow"), ("details", "arrow"), ("told", "parquet")))]
    )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_history_goes_with_the_errand(bucket: Bucket) -> None:
    policy, tables = with_links(market()), world(5, firms=40)
    past = remember(rate(tables, policy), policy.pack, AS_OF.replace(year=2020)).with_columns(tier=pl.lit("D"))
    lake = write_lake(tables, bucket / "lake", 3)
    run = rate_lake(lake, policy, bucket / "out", history=past)
    expected = rate(tables, policy, history=past)
    assert not expected.equals(rate(tables, policy))
    assert_frame_equal(pl.concat(read_run(run, lake, policy)).sort("enterprise_id"), expected)


def test_a_worker_with_another_version_of_the_policy_is_named(tmp_path: Path) -> None:
    lake = write_lake(world(1), tmp_path / "lake", 2)
    other = replace(law(market()), digest="0" * 64)
    with pytest.raises(PolicyError, match=r"worker on .* another version of pack market.*same version of evenhand"):
        rate_lake(lake, market(), tmp_path / "out", mapper=pickled, law=other)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake"]


@pytest.mark.parametrize("missing", [{"pack": "nowhere"}, {"scenario": Path("gone.yaml")}])
def test_a_worker_without_the_policy_is_named(tmp_path: Path, missing: dict[str, object]) -> None:
    lake = write_lake(world(1), tmp_path / "lake", 2)
    with pytest.raises(PolicyError, match=r"worker on .* cannot load pack"):
        rate_lake(lake, market(), tmp_path / "out", mapper=pickled, law=replace(law(market()), **missing))


def test_an_altered_file_is_found_before_it_is_rated(bucket: Bucket, tmp_path: Path) -> None:
    for root in (bucket / "lake", tmp_path / "lake"):
        lake = write_lake(world(4), root, 3)
        name = "shard-00001/records.parquet"
        folder = root / lake.generation
        content = bytearray(folder.read(name) if isinstance(folder, Bucket) else (folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        if isinstance(folder, Bucket):
            folder.write(name, bytes(content))
        else:
            (folder / name).write_bytes(content)
        with pytest.raises(StoreError, match=r"shard-00001/records\.parquet was altered"):
            rate_lake(open_lake(root), market(), bucket / "out", digests=True)
        with pytest.raises(StoreError, match="no ratings"):
            open_run(bucket / "out")


def test_a_task_run_twice_leaves_the_same_files(tmp_path: Path) -> None:
    lake = write_lake(world(5), tmp_path / "lake", 2)
    (tmp_path / "out").mkdir()
    task = partial(first_pass, Errand(lake.root, lake.generation, tmp_path / "out", law(market())))
    counts = threads(2)(task, [0, 1])
    once = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    assert threads(1)(task, [1, 0, 1]) == [counts[1], counts[0], counts[1]]
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()} == once
