"""`evenhand run` from end to end: a Dask scheduler and two workers as compose.yaml starts them, the lake on S3."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster
PROJECT = Path(__file__).resolve().parent.parent.parent


@contextlib.contextmanager
def started(*command: str, env: dict[str, str]) -> Iterator[None]:
    """A program in the background, ended at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=env, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def night(var: Path, env: dict[str, str]) -> tuple[str, str, str]:
    """Run id, ledger head, digest of ratings.csv."""
    command = [sys.executable, "-m", "flows.cli", "run", "--enterprises", "300", "--json"]
    done = subprocess.run(
        command, env=env | {"EVENHAND_VAR": str(var)}, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    ratings = Path(told["out"]) / "ratings.csv"
    return told["run_id"], str(told["ledger_head"]), hashlib.sha256(ratings.read_bytes()).hexdigest()


def test_a_cluster_that_runs_and_a_lake_on_s3_give_the_same_ledger_head(s3: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("0123456789abcdef" * 4)
    env = os.environ | s3 | {"EVENHAND_PERSON_SECRET_FILE": str(tmp_path / "secret"), "PYTHONPATH": str(PROJECT)}
    alone = night(tmp_path / "alone", env)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = ("distributed.cli.dask_worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
              "--local-directory", str(tmp_path / "dask"))  # fmt: skip
    cluster = {
        "EVENHAND_TASK_RUNNER": "dask",
        "EVENHAND_CLUSTER_ADDRESS": address,
        "EVENHAND_LAKE_URL": f"s3://lake/{tmp_path.name}",
        "EVENHAND_SHARDS": "5",
    }
    with started(*scheduler, env=env), started(*worker, env=env):
        assert night(tmp_path / "cluster", env | cluster) == alone
    assert not (tmp_path / "cluster" / "lake").exists()
