"""Run metrics as a Prometheus text file: what the last run of each source came to, and how the service stands now.

Figures of runs are kept beside the file (var/metrics/state.json), so that a refused night does not take the last good
one's figures away. Labels are sources, deliveries, tiers, steps, packs and districts: closed lists, no identifiers.
Written for node_exporter's textfile collector, whole or not at all.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import polars as pl
from prometheus_client import CollectorRegistry, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from config.errors import EvenhandError
from config.policy import load_policy
from config.settings import Settings
from config.source_forms import Source
from models.whole import write_text

OUTCOMES = ("finished", "refused", "failed")
STATE = "state.json"


@dataclass
class RunFigures:
    """What one run came to; the figures from `rows` on are None where it did not get there."""

    source: str
    pack: str
    outcome: str  # OUTCOMES
    started: float  # seconds since 1970
    ended: float
    steps: dict[str, float] = field(default_factory=dict)  # seconds by step
    run_id: str | None = None
    rows: list[tuple[str, int, int, int]] | None = None  # delivery, read, accepted, rejected
    tiers: dict[str, int] | None = None
    plan: dict[str, int] | None = None  # visits, left_out, violations, objective, bound
    hours: list[tuple[str, int, int]] | None = None  # region, minutes planned, minutes there are
    overdue_values: int | None = None  # values of the pack past their review


def rows_by_delivery(source: Source, files: list[dict[str, Any]]) -> list[tuple[str, int, int, int]]:
    """Rows read, accepted and rejected by the source file's own pattern (`tax/penalties_*.csv`).

    What the source file does not name as files (a query, tenders, feedback) counts as `other`.
    """
    patterns = sorted({table.files for table in source.tables if table.files is not None})
    sums = {name: [0, 0, 0] for name in (*patterns, "other")}
    for file in files:
        delivery = next((pattern for pattern in patterns if fnmatch(file["name"], pattern)), "other")
        for place, key in enumerate(("rows", "accepted", "rejected")):
            sums[delivery][place] += file[key]
    return [(name, read, accepted, rejected) for name, (read, accepted, rejected) in sums.items()]


def hours_by_region(quota: pl.DataFrame) -> list[tuple[str, int, int]]:
    """models.inspection QUOTA → minutes planned and there are; who works in several districts counts in each."""
    sums = quota.group_by("region").agg(pl.col("minutes_planned").sum(), pl.col("minutes_capacity").max())
    return [(str(region), planned, there or 0) for region, planned, there in sums.sort("region").iter_rows()]


def remember(folder: Path, run: RunFigures) -> dict[str, dict[str, Any]]:
    """The run laid into the state; returns the state, by source. A damaged state begins anew."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a night refused because another is at work also counts
        state = known(folder)
        before = state.get(run.source, {})
        runs = {outcome: before.get("runs", {}).get(outcome, 0) for outcome in OUTCOMES}
        runs[run.outcome] += 1
        told = {name: value for name, value in vars(run).items() if value is not None and name != "source"}
        state[run.source] = before | told | {"runs": runs}
        write_text(folder / STATE, json.dumps(state, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    return state


def known(folder: Path) -> dict[str, dict[str, Any]]:
    """The state as it was last written; empty without one."""
    try:
        return dict(json.loads((folder / STATE).read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def write_metrics(settings: Settings, state: Mapping[str, Mapping[str, Any]], now: datetime) -> Path:
    """Write the text file; returns where. What cannot be looked at now is absent from it, which alerts can ask for."""
    registry = CollectorRegistry()
    registry.register(_Families([*_of_runs(state), *_of_now(settings, state, now)]))
    path = settings.metrics_file or settings.root / "metrics" / "evenhand.prom"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)
    path.chmod(0o644)  # no personal data in it, and the collector is another user
    return path


class _Families:
    """Ready families as a collector."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _gauge(name: str, says: str, labels: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"evenhand_{name}", says, labels=labels)
    for *given, value in rows:
        family.add_metric([str(label) for label in given], value)
    return family


def _of_runs(state: Mapping[str, Mapping[str, Any]]) -> Iterator[Metric]:
    runs = sorted(state.items())
    only, plan = ("source",), [(source, run["plan"]) for source, run in runs if run.get("plan")]

    def simple(key: str) -> Iterator[tuple[Any, ...]]:
        return ((source, run[key]) for source, run in runs if key in run)

    def nested(key: str) -> Iterator[tuple[Any, ...]]:
        return ((source, name, value) for source, run in runs for name, value in run.get(key, {}).items())

    yield _gauge("run_started_timestamp_seconds", "When the last run began.", only, simple("started"))
    yield _gauge("run_ended_timestamp_seconds", "When the last run ended, well or not.", only, simple("ended"))
    good = ((source, int(run["outcome"] == "finished")) for source, run in runs)
    yield _gauge("run_succeeded", "1 when the last run finished, 0 when it was refused or failed.", only, good)
    yield _gauge("step_seconds", "Seconds of each step of the last run.", ("source", "step"), nested("steps"))
    rows = (
        (source, delivery, outcome, count)
        for source, run in runs
        for delivery, *counts in run.get("rows", [])
        for outcome, count in zip(("read", "accepted", "rejected"), counts, strict=True)
    )
    yield _gauge("rows", "Rows of the last finished run by delivery.", ("source", "delivery", "outcome"), rows)
    yield _gauge("enterprises", "Enterprises by tier.", ("source", "tier"), nested("tiers"))
    for key, says in (("visits", "Visits planned."), ("violations", "Rules the plan breaks (0 or it never leaves).")):
        yield _gauge(f"plan_{key}", says, only, ((source, figures[key]) for source, figures in plan))
    gaps = ((source, (p["bound"] - p["objective"]) / p["bound"]) for source, p in plan if p["bound"])
    yield _gauge("plan_gap_ratio", "Distance of the plan's value from its proven bound.", only, gaps)
    for place, key in ((1, "planned"), (2, "available")):
        minutes = ((source, row[0], row[place]) for source, run in runs for row in run.get("hours", []))
        yield _gauge(f"inspection_minutes_{key}", f"Person-minutes {key}.", ("source", "region"), minutes)
    overdue = ((run["pack"], run["overdue_values"]) for _, run in runs if "overdue_values" in run)
    yield _gauge(
        "policy_values_overdue", "Values of the pack past their review.", ("pack",), iter(dict(overdue).items())
    )
    counter = CounterMetricFamily("evenhand_runs", "Runs by outcome.", labels=("source", "outcome"))
    for source, outcome, count in nested("runs"):
        counter.add_metric([source, outcome], count)
    yield counter


def _of_now(settings: Settings, state: Mapping[str, Mapping[str, Any]], now: datetime) -> Iterator[Metric]:
    yield _gauge("metrics_written_timestamp_seconds", "When this file was written.", (), iter([(now.timestamp(),)]))
    free = shutil.disk_usage(settings.root).free
    yield _gauge("disk_free_bytes", "Bytes free where everything is written.", (), iter([(free,)]))
    try:
        awaiting = waiting_for_approval(settings, state)
        clocks = [(Path(pack).name, overdue_clocks(settings, pack, now.date())) for pack in _packs(state)]
    except EvenhandError:
        return
    yield _gauge("approvals_awaited", "1 when the source's last run awaits an officer.", ("source",), iter(awaiting))
    yield _gauge("clocks_overdue", "Terms on the officials that have passed.", ("pack",), iter(clocks))


def _packs(state: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({str(run["pack"]) for run in state.values() if "pack" in run})


def waiting_for_approval(settings: Settings, state: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int]]:
    """By source: 1 where nobody has yet approved or refused its last finished run."""
    from models.store import events
    from models.store.session import open_store

    named = [(source, run["run_id"]) for source, run in sorted(state.items()) if "run_id" in run]
    with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
        decided = set(events.approvals(snapshot)["run_id"])
    return [(source, int(run_id not in decided)) for source, run_id in named]


def overdue_clocks(settings: Settings, pack: str, day: date) -> int:
    """Terms of objections, revocations and notices that have passed on `day` by the pack."""
    from models.redress.clocks import by_official, clocks
    from models.store import events
    from models.store.session import open_store

    book = load_policy(pack)
    with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
        latest = events.decision_versions(snapshot).unique("decision_id", keep="last", maintain_order=True)
        found = clocks(latest, events.notices(snapshot), lambda started: book.at(started).redress, day)
    return int(by_official(found)["overdue"].sum())
