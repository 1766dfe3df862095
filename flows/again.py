"""A past run, done again from its inputs in a register of its own, and compared value by value with the first."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import SecretStr

from config.errors import PlanError, PolicyGap
from config.settings import Settings
from flows.collect import known_visits, report_visits, told_at
from flows.earlier import earlier_runs, runs_elsewhere
from flows.feedback import feedback, hashes
from flows.intake import input_hashes, take_in, tender_files
from flows.kept_policy import under_kept_policy
from flows.publish import publish
from flows.rate import rate_all
from flows.register import publication, register
from flows.run import FinishedRun, RunContext, saved, saved_runs
from flows.schedule import plan_inspections
from flows.steps import read_json, write_json
from flows.tender import score_tenders
from flows.tidy import tidied_on
from models.inspection.plan_files import load_draw
from models.store import events, reads
from models.store.recompute import RunCheck, verify_draw, verify_run
from models.store.sealed import RUN_TABLES
from models.store.session import Store, open_store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def differences_of_run(settings: Settings, run_id: str) -> list[str]:
    """One line per difference; empty when the run is reproduced to the last value and cell."""
    run = saved(settings, run_id)
    place = tempfile.TemporaryDirectory(prefix=".again-", dir=settings.root)
    with open_store(settings.database) as store, place as folder:
        with store.snapshot() as snapshot:
            row = reads.run(snapshot, run.run_id)
            names = reads.inputs(snapshot, run.run_id)["name"].to_list()
            known_by = _feedback_known_by(store, run)
        then = under_kept_policy(run.context, row["policy_digest"])
        told = list(_told_apart(row, then))
        gone = [name for name in _files(names) if not (run.context.data / name).is_file()]
        if gone:
            return [*told, *_inputs_gone(store, run, gone)]
        scratch = _scratch(settings, Path(folder))
        _lay_out_feedback(settings, run.context, known_by, scratch)
        context = _in(scratch, then, _as_read(names, run.context.data, Path(folder) / "data"))
        _lay_out_earlier(run.context, context)
        check = verify_run(
            store, run.run_id, lambda arguments: _again(context, run.run_id, Path(folder)), files=input_hashes(context)
        )
    return [*told, *_lines(check)]


def _inputs_gone(store: Store, run: FinishedRun, names: list[str]) -> Iterator[str]:
    """Why a run cannot be done again: its inputs are archived elsewhere, its own steps perhaps tidied away."""
    with store.snapshot() as snapshot:
        day = tidied_on(snapshot, run.run_id)
    if day is not None:
        yield f"nothing was compared: steps tidied on {day}, and inputs are gone; lay them out from the archive"
    yield from (f"input {name} is no longer in {run.context.data}" for name in names)


def differences_of_draw(settings: Settings, run_id: str, folder: Path) -> list[str]:
    """What the files of a published draw say otherwise than the register did when the run was registered."""
    shown = publication(load_draw(folder))

    def replay(_name: str, then: Mapping[str, str]) -> Iterator[str]:
        return (f"{key} was {then[key]}, is now {shown[key]}" for key in shown if then.get(key) != shown[key])

    with open_store(settings.database, migrate=False) as store:
        return [str(problem) for problem in verify_draw(store, run_id, replay)]


def _told_apart(row: Mapping[str, Any], context: RunContext) -> Iterator[str]:
    """What explains a difference before one is looked for."""
    if row["policy_digest"] != context.policy.digest:
        then, now = row["policy_digest"][:12], context.policy.digest[:12]
        yield f"policy {context.pack} has changed since: {then} then, {now} now"


def _files(names: list[str]) -> list[str]:
    """Inputs that lie in the data folder: not queries, not what the register itself gave."""
    return [name for name in names if ":" not in name and not name.startswith("sql/")]


def _lines(check: RunCheck) -> Iterator[str]:
    yield from (str(problem) for problem in check.problems)
    yield from (str(changed) for changed in check.changed_inputs)
    yield from (str(difference) for difference in check.differences)
    shown = {name: sum(difference.table == name for difference in check.differences) for name in check.counts}
    for name, count in check.counts.items():
        if count > shown[name]:
            yield f"{name}: {count - shown[name]:,} more values differ"


def _feedback_known_by(store: Store, run: FinishedRun) -> str:
    """A moment at which the register's feedback was what the run was given; "" when it was given none.

    It lies before the run ended, as a rule just before: moments are tried from there backwards, later ones last.
    """
    with store.snapshot() as snapshot:
        files = reads.inputs(snapshot, run.run_id)
        given = {name: sha for name, sha in files.select("name", "sha256").rows() if name.startswith("register:")}
        moments: list[str] = [
            *events.decision_versions(snapshot)["recorded_at"],
            *events.proposed_records(snapshot)["at"],
        ]
        moments += [*told_at(snapshot), *events.overrides(snapshot)["at"]]
        ended = events.first_logged(snapshot, "run_finished", run.run_id) or ""
    ordered = sorted(set(moments), reverse=True)
    for moment in sorted(ordered, key=lambda at: at > ended) if given else []:
        if hashes(feedback(run.context, known_by=moment)) == given:
            return moment
    return ""


def _scratch(settings: Settings, folder: Path) -> Settings:
    """The same settings, writing elsewhere; the secret stays, or links would come apart."""
    elsewhere = {"var", "database_url", "database_url_file", "lake_url", "person_secret", "person_secret_file"}
    plain = settings.model_dump(exclude=elsewhere | {"task_runner", "cluster_address"})  # here: nobody else sees var/
    return Settings(
        var=folder,
        database_url=f"sqlite:///{folder / 'again.sqlite'}",
        lake_url=str(folder / "lake"),
        person_secret=SecretStr(settings.secret().decode()),
        **plain,
    )


def _as_read(names: list[str], data: Path, folder: Path) -> Path:
    """The files the run read and no later delivery, in a folder of links; `data` itself where queries are read."""
    present = _files(names)
    if any(name.startswith("sql/") for name in names):
        return data
    for name in present:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link((data / name).resolve(), target)
        except OSError:  # another disk
            shutil.copyfile(data / name, target)
    return folder


def _in(settings: Settings, context: RunContext, data: Path) -> RunContext:
    return RunContext(
        settings=settings,
        source=context.source,
        data=data,
        pack=context.pack,
        as_of=context.as_of,
        seed=context.seed,
        period=context.period,
        out=settings.root / "out",
        scenario=context.scenario,
    )


def _lay_out_earlier(then: RunContext, context: RunContext) -> None:
    """The earlier runs that were looked back on, where the repetition looks for them; their steps stay in place."""
    saved_runs(context.settings).mkdir(exist_ok=True)
    of_pack = {run.run_id: ("data", "pack", "scenario") for run in earlier_runs(then, context.policy)}
    of_others = {run.run_id: ("data",) for run in runs_elsewhere(then, context.policy)}
    for run_id, keys in (of_others | of_pack).items():
        noted = read_json(saved_runs(then.settings) / f"{run_id}.json")
        here = context.arguments(run_id)
        write_json(saved_runs(context.settings) / f"{run_id}.json", noted | {key: here[key] for key in keys})


def _lay_out_feedback(settings: Settings, context: RunContext, known_by: str, scratch: Settings) -> None:
    """What the register knew at that moment, in the register of the repetition."""
    if not known_by:
        return
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        decided = events.decisions(snapshot, known_by=known_by)
        proposed = events.proposed_records(snapshot, known_by=known_by)
        visited = known_visits(snapshot, known_by=known_by)
        departed = events.overrides(snapshot).filter(pl.col("at") <= known_by)
    with open_store(scratch.database) as store, store.unit_of_work() as unit:
        for row in decided.iter_rows(named=True):
            events.record_decision(unit, row, recorded_by="again", at=EPOCH)
        events.propose_records(unit, proposed, run_id="again", form_sha256="", officer="again", at=EPOCH)
        report_visits(unit, visited, officer="again", form_sha256="", at=EPOCH)
        for row in departed.drop("override_id").iter_rows(named=True):
            events.record_override(unit, **row | {"at": datetime.fromisoformat(row["at"])})
        unit.commit()


def _again(context: RunContext, run_id: str, work: Path) -> dict[str, pl.DataFrame]:
    """Every step, and what it left in the register; the program's own digest is not compared."""
    steps(context, run_id, work)
    with open_store(context.settings.database) as store, store.snapshot() as snapshot:
        return {name: reads.run_rows(snapshot, name, run_id) for name in RUN_TABLES if name != "runs"}


def steps(context: RunContext, run_id: str, work: Path) -> None:
    """The steps of `flows.nightly` up to the register, as the plain functions they wrap."""
    given = (context, work / "intake", work / "ratings")
    take_in.fn(context, work / "intake")
    rate_all.fn(*given)
    with contextlib.suppress(PlanError, PolicyGap):  # then the run has no plan
        plan_inspections.fn(*given, work / "plan")
    if tender_files(context) and context.policy.tender_rules is not None:
        score_tenders.fn(context, run_id, work / "intake", work / "ratings", work / "tenders")
    publish.fn(context, run_id, work, work / "published")
    register.fn(context, run_id, work, work / "published")
