"""The lake in an object store: the same generation as on a disk, half copied named, no keys in an address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from config.errors import StoreError, UsageError
from models.intake.bucket import Bucket, place
from models.intake.generation import write_lake
from models.intake.lake import check_lake, open_lake, prune
from tests.models.rating.worlds import world


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Bucket]:
    """A place in fsspec's own store in memory; S3 itself is in tests/cluster."""
    yield Bucket(f"memory://{tmp_path.name}/lake")
    fsspec.filesystem("memory").store.clear()


def test_an_address_is_a_folder_or_a_bucket() -> None:
    assert place("var/lake") == Path("var/lake")
    assert place("s3://b/lake/") == Bucket("s3://b/lake/")
    assert str(Bucket("s3://b/lake/") / "generated") == "s3://b/lake/generated"
    assert (Bucket("s3://b/lake") / "generated").name == "generated"


def test_keys_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="keys in an address") as refused:
        place("s3://id:hush@b/lake")
    assert "hush" not in str(refused.value)


def test_objects_come_and_go_whole(bucket: Bucket, tmp_path: Path) -> None:
    assert bucket.sizes() == {}
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"123")
    bucket.send(tmp_path, ["a/one"])
    bucket.write("two", b"4567")
    assert bucket.sizes() == {"a/one": 3, "two": 4}
    bucket.fetch(["a/one"], tmp_path / "back")
    assert (tmp_path / "back" / "a" / "one").read_bytes() == b"123" == bucket.read("a/one")
    bucket.remove()
    assert bucket.sizes() == {}
    with pytest.raises(StoreError, match=r"two is missing"):
        bucket.read("two")


def test_a_store_nobody_knows_and_a_store_not_installed() -> None:
    with pytest.raises(UsageError, match="not an address of a store"):
        Bucket("nonsense://b").read("x")
    with pytest.raises(UsageError, match=r"requirements/cluster\.txt"):
        Bucket("gs://b").read("x")


def test_the_same_generation_as_on_a_disk(bucket: Bucket, tmp_path: Path) -> None:
    here, there = write_lake(world(4), tmp_path, 3, mapped=True), write_lake(world(4), bucket, 3, mapped=True)
    assert (here.generation, here.files) == (there.generation, there.files)
    assert open_lake(bucket, digests=True) == there
    with pytest.raises(StoreError, match="not on this machine"):
        there.path(0, "records")
    for number in range(3):
        with there.at_hand(number) as copy:
            assert copy.shard(number, whole=True).records.equals(here.shard(number, whole=True).records)
            place = copy.folder
        assert not place.exists()
    with there.at_hand(1, ["links.parquet"]) as copy:
        assert copy.links(1).equals(here.links(1))
        assert [path.name for path in copy.path(1, "links").parent.iterdir()] == ["links.parquet"]


@pytest.mark.parametrize("harm", ["missing", "truncated", "altered"])
def test_half_copied_is_named_and_mended_by_writing_again(bucket: Bucket, harm: str) -> None:
    lake = write_lake(world(4), bucket, 3)
    name = "shard-00002/records.parquet"
    content = bytearray((bucket / lake.generation).read(name))
    if harm == "missing":
        (bucket / lake.generation / name).remove()
    else:
        content[len(content) // 2] ^= 1
        (bucket / lake.generation).write(name, bytes(content[:-1] if harm == "truncated" else content))
    with pytest.raises(StoreError, match=r"shard-00002/records\.parquet"):
        open_lake(bucket, digests=True)
    if harm == "altered":
        with pytest.raises(StoreError, match="altered"), open_lake(bucket).at_hand(2):
            pass
    write_lake(world(4), bucket, 3)
    check_lake(lake, digests=True)


def test_only_the_generation_in_force_stays(bucket: Bucket) -> None:
    names = [write_lake(world(seed), bucket, 2).generation for seed in (1, 2, 3)]
    prune(bucket, keep=names[:1])
    left = {name.split("/")[0] for name in bucket.sizes()}
    assert left == {"CURRENT", names[0], names[2]}


def test_an_altered_manifest_is_named(bucket: Bucket) -> None:
    lake = write_lake(world(4), bucket, 2)
    text = (bucket / lake.generation).read("manifest.json").replace(b'"rows": 1', b'"rows": 2', 1)
    (bucket / lake.generation).write("manifest.json", text)
    with pytest.raises(StoreError, match="manifest"):
        open_lake(bucket)
