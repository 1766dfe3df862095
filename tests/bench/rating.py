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
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from config.in_force import Policy
from config.policy import load_policy
from models.intake.lake import Lake, open_lake
from models.rating.lake_again import rate_lake_again
from models.rating.lake_run import rate_lake
from models.rating.rated_files import RatedRun, read_rated
from tests.bench import rating_peers as peers
from tests.bench.rating_data import AS_OF, make_lake
from tests.models.rating.worlds import with_links

SIZES = {"1m": 1_000_000, "10m": 10_000_000, "60m": 60_000_000}
NAMES = ("floor", "evenhand", "evenhand+links", "nightly", "duckdb", "pandas")


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
        rating = read_rated(run, number, len(policy.scorecard.dimensions))
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


def nightly(lake: Lake, out: Path) -> list[dict[str, object]]:
    """0.5% changed on the same day, then the night after with what is due: each against rating everything."""
    shutil.rmtree(out, ignore_errors=True)
    since, random, rows = law(), np.random.default_rng(1), []
    run = rate_lake(lake, since, out)
    for name, days in (("0.5% changed", 0), ("0.5% and a night", 1)):
        policy = replace(since, as_of=AS_OF + timedelta(days=days))
        changed = {n: _some(random, lake.size(n)) for n in range(lake.shards)}
        start, cpu = time.perf_counter(), _cpu()
        run = rate_lake_again(lake, run, since, policy, changed)
        again = {"name": name, "wall": time.perf_counter() - start, "cpu": _cpu() - cpu}
        rated_again = pl.read_ipc(out / run.patches[-1], columns=["eidx"]).height
        start, cpu = time.perf_counter(), _cpu()
        whole = rate_lake(lake, policy, out.with_name(out.name + "-whole"))
        again |= {"rated": rated_again, "full_wall": time.perf_counter() - start, "full_cpu": _cpu() - cpu}
        found, expected = digest(ours(lake, run, policy)), digest(ours(lake, whole, policy))
        if found != expected:
            raise SystemExit(f"{name}: the patch differs from rating everything")
        rows.append(again | {"digest": found})
        since = policy
    return rows


def _some(random: np.random.Generator, size: int) -> np.ndarray:
    return np.sort(random.choice(size, size // 200, replace=False)).astype(np.uint32)


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
    if options.one == "nightly":
        print(json.dumps(nightly(open_lake(folder / "lake"), folder / "out-nightly")))
        return
    if options.one:
        print(json.dumps(contend(options.one, open_lake(folder / "lake"), folder / f"out-{options.one}")))
        return
    if not (folder / "lake" / "CURRENT").exists():
        start, cpu = time.perf_counter(), _cpu()
        make_lake(folder / "lake", size, law(), mapped=size <= SIZES["10m"])
        print(f"made and encoded {size:,} enterprises: {time.perf_counter() - start:.1f} s, {_cpu() - cpu:.1f} CPU s")
    print(f"{open_lake(folder / 'lake').rows()['records']:,} records")
    small = size <= SIZES["1m"]
    names = options.only or [
        name for name in NAMES if (name != "pandas" or small) and (name not in ("duckdb", "nightly") or size < 3e7)
    ]
    report([_in_own_process(name, options.size, options.root) for name in names if name != "nightly"])
    for row in _in_own_process("nightly", options.size, options.root) if "nightly" in names else []:
        print(
            f"{row['name']:18} {row['rated']:,} rated again: {row['cpu']:.2f} CPU s, {row['wall']:.2f} s; everything: "
            f"{row['full_cpu']:.2f} CPU s, {row['full_wall']:.2f} s; {row['full_cpu'] / row['cpu']:.1f} × by CPU, "
            f"{row['full_wall'] / row['wall']:.1f} × by wall; equal: {row['digest']}"
        )
    for out in folder.glob("out-*"):
        shutil.rmtree(out)


def _in_own_process(name: str, size: str, root: Path) -> Any:
    command = [sys.executable, "-m", "tests.bench.rating", "--size", size, "--root", str(root), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


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
