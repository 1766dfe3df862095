"""The mapper of each setting: threads and processes here, what is missing named; clusters in tests/cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.errors import UsageError, WorkerError
from config.settings import Settings
from flows.prefect_home import prepare
from flows.run import code_digest
from flows.workers import SameProgram, mapper, task_runner


def half(number: int) -> int:
    """A task."""
    return number // 2


def refuse(number: int) -> int:
    raise UsageError(f"shard {number}.", remedy="none")


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_keep_the_order(workers: int, tmp_path: Path) -> None:
    with mapper(Settings(var=tmp_path, workers=workers)) as over:
        assert over(half, [9, 4, 7]) == [4, 2, 3]
        assert over(half, []) == []


@pytest.mark.slow
def test_processes_keep_the_order_and_the_error(tmp_path: Path) -> None:
    with mapper(Settings(var=tmp_path, task_runner="process")) as over:
        assert over(half, [9, 4, 7]) == [4, 2, 3]
        with pytest.raises(UsageError, match=r"shard 8\. Remedy: none") as refused:
            over(refuse, [8])
        assert (refused.value.message, refused.value.remedy) == ("shard 8.", "none")


def test_another_program_is_refused() -> None:
    assert SameProgram(half, code_digest())(8) == 4
    with pytest.raises(WorkerError, match=r"worker on .*another version of evenhand.*same version on every worker"):
        SameProgram(half, "0" * 64)(8)


@pytest.mark.parametrize(("runner", "library"), [("dask", "distributed"), ("ray", "ray")])
def test_a_cluster_that_is_not_installed_is_named(
    runner: str, library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(UsageError, match=rf"{library} is not installed.*requirements/cluster\.txt"):
        mapper(Settings(var=tmp_path, task_runner=runner)).__enter__()


def test_prefect_gets_the_runner_that_was_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    runner = task_runner(Settings(var=tmp_path, workers=3))
    assert (type(runner).__name__, runner.duplicate()._max_workers) == ("ThreadPoolTaskRunner", 3)
    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(UsageError, match=r"prefect-dask is not installed.*requirements/cluster\.txt"):
        task_runner(Settings(var=tmp_path, task_runner="dask"))


def test_settings_name_the_runners_there_are(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="thread"):
        Settings(var=tmp_path, task_runner="spark")  # type: ignore[arg-type]
    assert Settings(var=tmp_path, lake_url="s3://bucket/lake/").lake == "s3://bucket/lake"
    assert Settings(var=tmp_path, lake_url=str(tmp_path / "x" / ".." / "lake")).lake == str(tmp_path / "lake")
