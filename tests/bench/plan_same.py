"""The same plan under all conditions: workers, load, fresh processes that compile anew. Prints the digests.

`python -m tests.bench.plan_same WORKERS` prints one digest: sha256 over the visits, those left out, the quota, the pool
and the prices of the plan of a generated office of six regions.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPIN = "while True: sum(range(100000))"


def digest_of(workers: int) -> str:
    """Digest of the plan of tests/models/inspection/test_workers.py's six regions."""
    from models.inspection import make_plan
    from tests.models.inspection.test_workers import digest, separate

    given = separate()
    return digest(make_plan(replace(given, operations=replace(given.operations, workers=workers))))


@contextmanager
def load(processes: int = 4) -> Iterator[None]:
    """Other processes that never rest, ended afterwards."""
    busy = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def fresh(workers: int, cache: Path, hash_seed: str) -> str:
    """From a process of its own, with its own cache of compiled code."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "tests.bench.plan_same", str(workers)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=ROOT).stdout.strip()


def report() -> None:
    """Raises AssertionError when any two differ."""
    print("the same plan, sha256 of all its tables:")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        found = {"fresh process that compiles, 1 worker": fresh(1, Path(one), "1")}
        found["another that compiles, 2 workers"] = fresh(2, Path(other), "2")
        with load():
            found["2 workers, four processes of load"] = fresh(2, Path(other), "3")
    for name, value in found.items():
        print(f"  {name:<40}{value}", flush=True)
    assert len(set(found.values())) == 1, "the plans differ"
    print("  all equal")


if __name__ == "__main__":
    print(digest_of(int(sys.argv[1])))
