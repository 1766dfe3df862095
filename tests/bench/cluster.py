"""make bench-cluster: one lake rated by 1 and 2 workers of every runner; digests compared, costs printed.

SIZE = enterprises (default 2,000,000; ten records each, in 8 shards). Every row is a process of its own. Afterwards the
plan on paper of docs/cluster.md is worked out again from the figures just measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from config.in_force import Policy
from config.policy import load_policy, scenario_named
from config.settings import Settings
from flows.prefect_home import prepare
from flows.workers import mapper
from models.intake.lake import Lake, open_lake
from models.rating.errand import NamedLaw
from models.rating.lake_run import rate_lake, tell_lake
from models.rating.rated_files import RatedRun
from tests.bench.rating_data import AS_OF, make_lake

RUNNERS = ("thread", "process", "dask", "ray")
SHARDS, IDLE = 8, 200
LINKS = scenario_named("links-on")


def law() -> Policy:
    return load_policy("market", LINKS).at(AS_OF)


def nothing(number: int) -> int:
    """A task that does nothing: what is left is the runner's own cost."""
    return number


def peak(_: int) -> int:
    """Largest resident memory of the worker so far, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(runner: str, workers: int, root: Path) -> dict[str, Any]:
    """Start-up, cost of a shard in which nothing is done, then the rating itself, twice; the second one counts."""
    prepare(root / "var")
    lake, policy = open_lake(root / "lake"), law()
    settings = Settings(var=root / "var", task_runner=runner, workers=workers)
    out = root / f"out-{runner}-{workers}"
    named = NamedLaw(policy.pack, LINKS, policy.as_of, policy.digest)
    start = time.perf_counter()
    with mapper(settings) as over:
        over(nothing, range(2 * workers))
        took: dict[str, Any] = {"runner": runner, "workers": workers, "start": time.perf_counter() - start}
        took["idle_mb"] = max(over(peak, range(4 * workers))) / 1e3
        rate_lake(lake, policy, out, mapper=over, law=named)  # every worker has loaded and compiled what it needs
        start = time.perf_counter()
        over(nothing, range(IDLE))
        took["per_shard"] = (time.perf_counter() - start) / IDLE
        start, before = time.perf_counter(), _cpu()
        run = rate_lake(lake, policy, out, mapper=over, law=named)
        took |= {"wall": time.perf_counter() - start, "cpu": _cpu() - before}
        took |= {"peak_mb": max(over(peak, range(4 * workers))) / 1e3, "digest": digest(run)}
        before = _cpu()
        took["told"] = sum(rows.height for rows in tell_lake(run, lake, policy, mapper=over, law=named))
        took["told_cpu"] = _cpu() - before
    shutil.rmtree(out)
    return took


def digest(run: RatedRun) -> str:
    """One hash over the bytes of all rated files."""
    hasher = hashlib.blake2b(digest_size=8)
    for path in sorted(Path(str(run.folder)).glob("*.arrow")):
        hasher.update(path.name.encode() + path.read_bytes())
    return hasher.hexdigest()


def _cpu() -> float:
    """CPU seconds of this process and all below it, whoever started them."""
    found = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        found += times.user + times.system
    return found


def report(rows: Iterable[dict[str, Any]]) -> None:
    """A table; exit 1 where two digests differ."""
    rows = list(rows)
    print(f"{'runner':9}{'workers':>8}{'start s':>9}{'ms a shard':>12}{'wall s':>9}{'CPU s':>8}{'speed-up':>10}"
          f"{'peak MB a worker':>18}  digest")  # fmt: skip
    alone = {row["runner"]: row["wall"] for row in rows if row["workers"] == 1}
    for row in rows:
        print(f"{row['runner']:9}{row['workers']:>8}{row['start']:>9.1f}{row['per_shard'] * 1e3:>12.2f}"
              f"{row['wall']:>9.2f}{row['cpu']:>8.2f}{alone.get(row['runner'], float('nan')) / row['wall']:>10.2f}"
              f"{row['peak_mb']:>18.0f}  {row['digest']}")  # fmt: skip
    if len({row["digest"] for row in rows}) > 1:
        raise SystemExit("digests differ")


def paper(rows: list[dict[str, Any]], lake: Lake, records: int = 37_000_000_000, machines: int = 20) -> None:
    """The plan of docs/cluster.md: every line a product of figures measured here."""
    row = next(row for row in rows if row["runner"] == "dask" and row["workers"] == 2)
    known, firms = lake.rows()["records"], lake.rows()["enterprises"]
    stored = sum(info["bytes"] for info in lake.files.values())
    each, cores = 10_000_000, 32
    shards = -(-records // each)
    rating, telling = records / known * row["cpu"] / 3600, records / known * row["told_cpu"] / 3600
    print(f"\n{records:,} records from {known:,} measured ({row['cpu']:.2f} CPU s by Dask and {row['told_cpu']:.2f} to "
          f"tell, {stored / 1e6:.0f} MB)")  # fmt: skip
    print(f"  shards of {each:,} records: {shards:,}")
    print(f"  rating: {records / known:,.0f} x {row['cpu']:.2f} s = {rating:.1f} CPU h; telling: "
          f"{records / known:,.0f} x {row['told_cpu']:.2f} s = {telling:.1f} CPU h")  # fmt: skip
    print(f"  on {machines} machines of {cores} cores: {(rating + telling) / machines / cores * 3600:.0f} s "
          "if nothing waits")  # fmt: skip
    print(f"  scheduling: 4 passes x {shards:,} x {row['per_shard'] * 1e3:.1f} ms = "
          f"{4 * shards * row['per_shard'] / 60:.1f} minutes of the scheduler")  # fmt: skip
    print(f"  lake: {stored / known:.1f} bytes a record = {stored / known * records / 1e12:.1f} TB; a machine fetches "
          f"{stored / known * records / machines / 1e9:,.0f} GB a pass")  # fmt: skip
    base = row["idle_mb"]  # a worker that has rated nothing
    print(f"  memory: {base:.0f} MB + ({row['peak_mb']:.0f} - {base:.0f}) MB x {each:,} / {known // lake.shards:,} = "
          f"{(base + (row['peak_mb'] - base) * each / (known / lake.shards)) / 1e3:.1f} GB a worker")  # fmt: skip
    print(f"  enterprises at {known / firms:.1f} records each: {records * firms / known / 1e9:.1f} billion")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2_000_000)
    parser.add_argument("--root", type=Path, default=Path("var/bench/cluster"))
    parser.add_argument("--only", nargs="*", default=RUNNERS)
    parser.add_argument("--one", nargs=2, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    root = (options.root / str(options.size)).resolve()
    if options.one:
        print(json.dumps(measure(options.one[0], int(options.one[1]), root)))
        return
    if not (root / "lake" / "CURRENT").exists():
        make_lake(root / "lake", options.size, law(), shards=SHARDS)
    lake = open_lake(root / "lake")
    print(
        f"{lake.rows()['enterprises']:,} enterprises, {lake.rows()['records']:,} records, {lake.shards} shards, links"
    )
    tried = [_own_process(runner, workers, options) for runner in options.only for workers in (1, 2)]
    rows = [row for row in tried if row is not None]
    report(rows)
    if any(row["runner"] == "dask" and row["workers"] == 2 for row in rows):
        paper(rows, lake)
    if len(rows) < len(tried):
        raise SystemExit("not every runner could be measured")


def _own_process(runner: str, workers: int, options: argparse.Namespace) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "tests.bench.cluster", "--size", str(options.size), "--root", str(options.root)]
    done = subprocess.run([*command, "--one", runner, str(workers)], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{runner}, {workers} workers: {done.stderr.splitlines()[-1]}", flush=True)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
