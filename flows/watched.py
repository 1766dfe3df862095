"""Watches one run from outside: its log, its metrics. The run itself knows nothing of either."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import EvenhandError, InputError
from flows import console
from flows.doctor import check_clock
from flows.doctor_secrets import check_secrets
from flows.intake import rejected
from flows.logs import EventLog, opened, place_of
from flows.metrics import RunFigures, hours_by_region, remember, rows_by_delivery, write_metrics
from flows.run import ROOT, RunContext, code_digest
from flows.schedule import planned
from flows.steps import read_json
from models.intake import load_source

FIRST_ROWS = 5  # row numbers that a line about refused rows names


class Watch:
    """One run as it goes: steps by name and seconds."""

    def __init__(self, context: RunContext, log: EventLog) -> None:
        self.context, self.log = context, log
        self.steps: dict[str, float] = {}
        self.run_id: str | None = None
        self.broke_at: str | None = None

    def named(self, run_id: str) -> str:
        """The run has its name."""
        self.run_id = run_id
        self.log.bind(run_id)
        return run_id

    def warn(self) -> None:
        """What does not stop a run and should not go unseen: a clock set back, a secret that others can read."""
        settings = self.context.settings
        for finding in (*check_clock(settings, datetime.now().astimezone()), *check_secrets(settings)):
            if finding.state != "ok":
                self.log.event("warned", "warning", rule=finding.check)
                console.err.print(f"warning: {finding.check}: {finding.found}. {finding.remedy}", markup=False)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step: a line when it begins and one when it ends well."""
        self.log.event("step_started", step=name)
        begun = time.perf_counter()
        try:
            yield
        except BaseException:
            self.broke_at = name
            raise
        finally:
            self.steps[name] = round(time.perf_counter() - begun, 3)
        self.log.event("step_finished", step=name, seconds=self.steps[name])


@contextmanager
def watched(context: RunContext) -> Iterator[Watch]:
    """A run that is logged and measured; what it raises is told (never quoted) and raised again."""
    settings, started = context.settings, datetime.now().astimezone()
    with opened(settings.root / "logs", stderr=settings.log_stderr) as log:
        watch = Watch(context, log)
        log.event("run_started", **_arguments(context))
        try:
            yield watch
        except BaseException as error:
            _tell_error(watch, error)
            outcome = "refused" if isinstance(error, EvenhandError) else "failed"
            _measure(watch, RunFigures(context.source_id, context.pack, outcome, started.timestamp(), time.time()))
            raise
        figures = _finished(watch, started.timestamp())
        log.event("run_finished", seconds=figures.ended - figures.started)
        _measure(watch, figures)


def _arguments(context: RunContext) -> dict[str, Any]:
    return {
        "source": context.source_id,
        "pack": Path(context.pack).name,
        "as_of": context.as_of,
        "seed": context.seed,
        "shards": context.settings.shards,
        "workers": context.settings.workers,
        "program": code_digest()[:16],
        "pid": os.getpid(),
    }


def _tell_error(watch: Watch, error: BaseException) -> None:
    """The kind of error and where: never its message, which may repeat a cell."""
    told: dict[str, Any] = {"error": type(error).__name__, "step": watch.broke_at}
    if isinstance(error, InputError):
        told |= {"file": error.file and Path(error.file).name, "rule": error.rule}
        told |= {"first_rows": None if error.row is None else [error.row]}
    if isinstance(error, EvenhandError):
        watch.log.event("run_refused", "error", exit_code=error.exit_code, **told)
    else:
        watch.log.event("run_failed", "error", place=place_of(error.__traceback__, ROOT), **told)


def _finished(watch: Watch, started: float) -> RunFigures:
    """Figures of a run that ended well, from its finished steps; each also told to the log."""
    context, run_id = watch.context, watch.run_id
    assert run_id is not None
    work, policy = context.work(run_id), context.policy
    seen, rated = read_json(work / "intake" / "intake.json"), pl.read_parquet(work / "ratings" / "ratings.parquet")
    tiers = dict(rated.group_by("tier").len().iter_rows())
    figures = RunFigures(
        context.source_id,
        context.pack,
        "finished",
        started,
        time.time(),
        steps=watch.steps,
        run_id=run_id,
        rows=rows_by_delivery(load_source(context.source), seen["files"]),
        tiers={tier.id: tiers.get(tier.id, 0) for tier in policy.tiers},
        overdue_values=sum(notice.kind == "review_overdue" for notice in policy.notices),
    )
    if (work / "plan").is_dir():
        made = read_json(work / "plan" / "plan.json")
        figures.plan = {name: made[name] for name in ("visits", "left_out", "violations", "objective", "bound")}
        figures.hours = hours_by_region(planned(work / "plan").quota)
    _tell_figures(watch.log, figures, seen["files"], rejected(work / "intake"))
    return figures


def _tell_figures(log: EventLog, figures: RunFigures, files: list[dict[str, Any]], refused: pl.DataFrame) -> None:
    for file in files:
        log.event(
            "file_read", file=file["name"], rows=file["rows"], accepted=file["accepted"], rejected=file["rejected"]
        )
    rules = refused.group_by("file", "rule").agg(pl.len(), pl.col("row").sort().head(FIRST_ROWS)).sort("file", "rule")
    for file, rule, count, rows in rules.iter_rows():
        log.event("rows_refused", "warning", file=file, rule=rule, refused_rows=count, first_rows=rows)
    for tier, count in (figures.tiers or {}).items():
        log.event("rated", tier=tier, enterprises=count)
    if figures.plan is not None:
        told: dict[str, Any] = dict(figures.plan)
        log.event("planned", **told)


def _measure(watch: Watch, figures: RunFigures) -> None:
    """Metrics never make a run fail: what stands against them is told."""
    settings = watch.context.settings
    figures.steps = figures.steps or watch.steps
    try:
        state = remember(settings.root / "metrics", figures)
        write_metrics(settings, state, datetime.now().astimezone())
    except OSError as error:
        watch.log.event("metrics_not_written", "warning", error=type(error).__name__)
