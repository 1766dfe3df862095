"""make bench-rating: this project, DuckDB SQL, pandas and the floor over the same lake; results compared.

SIZE = 1m (default) | 10m | 60m | any number of enterprises. Every contender runs in a process of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from config.in_force import Policy
from config.policy import load_policy
from models.intake.lake import Lake, open_lake
from models.rating.lake_run import rate_lake
from models.rating.rated_files import RatedRun, read_rated
from tests.bench import rating_peers as peers
from tests.bench.rating_data import AS_OF, make_lake
from tests.models.rating.worlds import with_links

SIZES = {"1m": 1_000_000, "10m": 10_000_000, "60m": 60_000_000}
NAMES = ("floor", "evenhand", "evenhand+links", "duckdb", "pandas")


def law() -> Policy:
    return load_policy("market").at(AS_OF)


def digest(parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> str:
    """One hash over score, tier and heaviest rows of all shards."""
    hasher = hashlib.blake2b(digest_size=8)
    for score, tier, rows in parts:
        for array in (score.astype(np.int64), tier.astype(np.uint8), rows.astype(np.uint32)):
            hasher.update(np.ascontiguousarray(array).tobytes())
    return hasher.hexdigest()


def ours(lake: Lake, run: RatedRun, policy: Policy) -> Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for number in range(lake.shards):
        rating = read_rated(run.folder, number, len(policy.scorecard.dimensions))
        yield rating.score, rating.tier, np.where(rating.totals.weights != 0, rating.totals.rows, 0)


def contend(name: str, lake: Lake, out: Path) -> dict[str, object]:
    """Run one contender; CPU seconds and peak memory are this process's own."""
    policy = with_links(law()) if name == "evenhand+links" else law()
    compare: Callable[[], str | None] = lambda: None  # noqa: E731
    start, cpu = time.perf_counter(), _cpu()
    if name == "floor":
        peers.floor(lake, policy)
    elif name.startswith("evenhand"):
        run = rate_lake(lake, policy, out)
        if name == "evenhand":
            compare = lambda: digest(ours(lake, run, policy))  # noqa: E731
    else:
        rating = peers.duckdb_rating if name == "duckdb" else peers.pandas_rating
        found = list(rating(lake, policy, keep=True))
        compare = lambda: digest(found)  # noqa: E731
    took = {"name": name, "wall": time.perf_counter() - start, "cpu": _cpu() - cpu}
    took["rss_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return took | {"digest": compare()}


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1m")
    parser.add_argument("--root", type=Path, default=Path("var/bench/rating"))
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--one", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    size = SIZES.get(options.size) or int(options.size)
    folder = options.root / str(size)
    if options.one:
        print(json.dumps(contend(options.one, open_lake(folder / "lake"), folder / f"out-{options.one}")))
        return
    if not (folder / "lake" / "CURRENT").exists():
        start, cpu = time.perf_counter(), _cpu()
        make_lake(folder / "lake", size, law())
        print(f"made and encoded {size:,} enterprises: {time.perf_counter() - start:.1f} s, {_cpu() - cpu:.1f} CPU s")
    print(f"{open_lake(folder / 'lake').rows()['records']:,} records")
    small = size <= SIZES["1m"]
    names = options.only or [name for name in NAMES if (name != "pandas" or small) and (name != "duckdb" or size < 3e7)]
    report([_in_own_process(name, options.size, options.root) for name in names])
    for out in folder.glob("out-*"):
        shutil.rmtree(out)


def _in_own_process(name: str, size: str, root: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.rating", "--size", size, "--root", str(root), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(results: list[dict[str, float]]) -> None:
    """A table with ratios; exit 1 where two results that must be equal are not."""
    base = {str(r["name"]): r["cpu"] for r in results}
    print(f"{'':16}{'CPU s':>9}{'wall s':>9}{'peak GB':>9}{'× floor':>9}{'× duckdb':>9}  result")
    for r in results:
        ratios = "".join(
            f"{r['cpu'] / base[peer]:>9.2f}" if peer in base else f"{'':>9}" for peer in ("floor", "duckdb")
        )
        print(f"{r['name']!s:16}{r['cpu']:>9.2f}{r['wall']:>9.2f}{r['rss_gb']:>9.2f}{ratios}  {r['digest'] or ''}")
    if len({r["digest"] for r in results if r["digest"]}) > 1:
        raise SystemExit("results differ")


if __name__ == "__main__":
    main()
