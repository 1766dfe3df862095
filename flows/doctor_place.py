"""What the doctor says about the place: the work folders, the night before, the workers."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from config.settings import Settings
from flows.doctor_finding import Finding
from flows.metrics import known
from flows.run import code_digest

GIB = 1 << 30
DRAFTS = (".tmp", ".part", ".former", ".old")
NEEDS = {"dask": ("distributed", "prefect_dask"), "ray": ("ray", "prefect_ray")}
DEFAULT_PORTS = {"dask": 8786, "ray": 10001}


def check_work(root: Path) -> Iterator[Finding]:
    """How much finished steps take, how much of it an older program made, and what a crash left half-written."""
    folders = [path for path in (root / "work").glob("*") if path.is_dir()]
    if not folders:
        return
    size = {path: _size(path) for path in folders}
    old = [path for path in folders if not path.name.endswith(code_digest()[:8])]
    drafts = [path for path in (root / "work").rglob(".*") if path.name.endswith(DRAFTS)]
    total = sum(size.values())
    found = f"{len(folders)} runs, {total / GIB:.2f} GiB"
    if old:
        found += f", {len(old)} of another version of the program ({sum(size[path] for path in old) / GIB:.2f} GiB)"
    if drafts:
        found += f", {len(drafts)} drafts of steps that were cut off (the next run removes them)"
    full = total > shutil.disk_usage(root).free
    remedy = "`evenhand register tidy`: the same command makes steps again"
    yield Finding("work", "warn" if full else "ok", found, remedy if full or old else "")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_last_run(settings: Settings) -> Iterator[Finding]:
    """How each source's last night ended."""
    for source, run in sorted(known(settings.root / "metrics").items()):
        good = run["outcome"] == "finished"
        told = f"{run['outcome']} after {run['ended'] - run['started']:.0f} s"
        remedy = "" if good else "see the console's message or var/logs, mend the cause, give the same command again"
        yield Finding(f"last run {source}", "ok" if good else "warn", told, remedy)


def check_workers(settings: Settings) -> Iterator[Finding]:
    """What the chosen task runner needs: its libraries, a scheduler that answers, a lake that others can see."""
    runner = settings.task_runner
    if runner not in NEEDS:
        yield Finding("workers", "ok", f"{settings.workers} of {runner}")
        return
    if missing := [name for name in NEEDS[runner] if importlib.util.find_spec(name) is None]:
        remedy = "pip install -r requirements/cluster.txt"
        yield Finding("workers", "fail", f"{runner}: {', '.join(missing)} not installed", remedy)
        return
    if settings.cluster_address is None:
        yield Finding("workers", "ok", f"{runner} on this machine")
        return
    if problem := _unreachable(settings.cluster_address, DEFAULT_PORTS[runner]):
        yield Finding(
            "workers", "fail", f"{settings.cluster_address}: {problem}", "start the scheduler (docs/cluster.md)"
        )
    elif "://" not in settings.lake:
        found = f"{settings.lake} is a folder: every worker must see it under this path"
        yield Finding("workers", "warn", found, "shared storage, or EVENHAND_LAKE_URL=s3://… (docs/cluster.md)")
    else:
        yield Finding("workers", "ok", f"{settings.cluster_address} answers")


def _unreachable(address: str, port: int) -> str | None:
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.hostname is None:
        return None  # ray's "auto"
    try:
        with socket.create_connection((parts.hostname, parts.port or port), timeout=5):
            return None
    except OSError as error:
        return str(error)
