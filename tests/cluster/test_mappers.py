"""Two workers of every runner give the bytes of one process, on a disk and on S3; what goes wrong is named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import PolicyError, StoreError, WorkerError
from config.in_force import Policy
from config.policy import PACKS, load_policy, scenario_named
from models.intake.bucket import Bucket, Place
from models.intake.generation import write_lake
from models.rating import rate
from models.rating.errand import Mapper, NamedLaw
from models.rating.lake_run import rate_lake, tell_lake
from models.rating.rated_files import open_run
from tests.cluster.deaths import WHEN, dying
from tests.models.rating.worlds import AS_OF, world

pytestmark = pytest.mark.cluster
SHARDS = 5
LINKS = scenario_named("links-on")


@cache
def linked() -> Policy:
    return load_policy("market", LINKS).at(AS_OF)


def law(policy: Policy) -> NamedLaw:
    return NamedLaw(policy.pack, LINKS, policy.as_of, policy.digest)


@cache
def tables() -> dict[str, pl.DataFrame]:
    return world(7, firms=60)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The rated files of one process on a disk."""
    folder = tmp_path_factory.mktemp("alone")
    lake = write_lake(tables(), folder / "lake", SHARDS)
    rate_lake(lake, linked(), folder / "out")
    return rated_files(folder / "out")


def rated_files(out: Place) -> dict[str, bytes]:
    if isinstance(out, Bucket):
        return {name: out.read(name) for name in out.sizes() if name.endswith(".arrow") and "/" not in name}
    return {path.name: path.read_bytes() for path in out.glob("*.arrow")}


@pytest.fixture(params=["disk", "s3"])
def root(request: pytest.FixtureRequest, bucket: Bucket, tmp_path: Path) -> Iterator[Place]:
    yield tmp_path if request.param == "disk" else bucket
    bucket.remove()


def test_the_bytes_of_one_process(over: Mapper, root: Place, alone: dict[str, bytes]) -> None:
    lake = write_lake(tables(), root / "lake", SHARDS)
    run = rate_lake(lake, linked(), root / "out", mapper=over, law=law(linked()), digests=True)
    assert rated_files(root / "out") == alone
    assert open_run(root / "out") == run
    told = pl.concat(tell_lake(run, lake, linked(), mapper=over, law=law(linked()))).sort("enterprise_id")
    expected = rate(tables(), linked())
    assert expected["linked_points"].min() < 0
    assert_frame_equal(told, expected)


@pytest.mark.parametrize("when", WHEN)
def test_a_worker_killed_in_the_middle_changes_nothing(
    over: Mapper, runner: str, root: Place, alone: dict[str, bytes], when: str, tmp_path: Path
) -> None:
    if runner == "thread":
        pytest.skip("a thread is not lost alone; make test-crash kills the process")
    lake = write_lake(tables(), root / "lake", SHARDS)
    mark = tmp_path / "killed"
    rate_lake(lake, linked(), root / "out", mapper=dying(over, 2, when, mark), law=law(linked()), digests=True)
    assert mark.exists()
    assert rated_files(root / "out") == alone


def test_another_version_of_the_program_is_refused(
    over: Mapper, runner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runner == "thread":
        pytest.skip("the same process")
    monkeypatch.setattr("flows.workers.code_digest", lambda: "0" * 64)
    lake = write_lake(tables(), tmp_path / "lake", 2)
    with pytest.raises(WorkerError, match=r"worker on .* another version of evenhand: .* instead of 000000000000"):
        rate_lake(lake, linked(), tmp_path / "out", mapper=over, law=law(linked()))
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]


def test_a_worker_without_the_policy_or_with_another_one_is_refused(over: Mapper, tmp_path: Path) -> None:
    pack = tmp_path / "market"
    shutil.copytree(PACKS / "market", pack)
    mine = load_policy(pack).at(AS_OF)
    named = NamedLaw(str(pack), None, AS_OF, mine.digest)
    lake = write_lake(tables(), tmp_path / "lake", 2)
    with (pack / "pack.yaml").open("a") as file:
        file.write("# amended on this machine\n")
    with pytest.raises(PolicyError, match="another version of pack"):
        rate_lake(lake, mine, tmp_path / "out", mapper=over, law=named)
    with pytest.raises(PolicyError, match="cannot load pack"):
        rate_lake(lake, mine, tmp_path / "out", mapper=over, law=replace(named, pack=str(tmp_path / "none")))
    assert not (tmp_path / "out").exists()


def test_a_half_copied_lake_is_named(over: Mapper, root: Place) -> None:
    lake = write_lake(tables(), root / "lake", SHARDS)
    name = "shard-00003/records.parquet"
    folder = lake.root / lake.generation
    content = folder.read(name) if isinstance(folder, Bucket) else (folder / name).read_bytes()
    half = content[: len(content) // 2] + bytes(len(content) - len(content) // 2)  # its size is right already
    if isinstance(folder, Bucket):
        folder.write(name, half)
    else:
        (folder / name).write_bytes(half)
    with pytest.raises(StoreError, match=r"shard-00003/records\.parquet was altered"):
        rate_lake(lake, linked(), root / "out", mapper=over, law=law(linked()), digests=True)
    with pytest.raises(StoreError, match="no ratings there"):
        open_run(root / "out")
