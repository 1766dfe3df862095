"""The composition: intake → rate → plan → tenders → publish → register → deliver.

Every step stands in a folder named by the run and is whole or absent, so that the same command after a crash goes on
where the last one stopped and ends with the same result.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import flow

from config.errors import PlanError, PolicyGap
from exports.registers import write_registers
from flows import artifacts, console, server
from flows.approve import hand_over, standing
from flows.discreet import discreet
from flows.earlier import named
from flows.intake import input_hashes, rejected, take_in, tender_files
from flows.kept_policy import keep_policy
from flows.prefect_home import short_runs
from flows.private import private
from flows.publish import publish
from flows.rate import rate_all
from flows.register import register
from flows.run import FinishedRun, RunContext, saved_runs
from flows.schedule import plan_inspections, planned
from flows.signed import signed
from flows.steps import deliver, write_json
from flows.summary import rates_by_tier
from flows.tender import score_tenders
from flows.watched import watched
from flows.workers import task_runner
from models.store import events
from models.store.locks import run_lock
from models.store.session import Store, open_store

STAGES = 7


@flow(name="evenhand", validate_parameters=False, persist_result=False)
@discreet
def nightly(context: RunContext, run_id: str, bar: console.Steps) -> dict[str, Any]:
    """One run over one source; returns what the summary shows."""
    progress = artifacts.Progress(bar, STAGES)
    work = context.work(run_id)
    given = (context, work / "intake", work / "ratings")
    result: dict[str, Any] = {
        "run_id": run_id,
        "as_of": context.as_of,
        "pack": context.pack,
        "source": context.source_id,
        "out": str(context.out),
        "draw_can_be_foreseen": context.settings.draw_seed_file is None,
    }
    with progress.stage("taking in", "intake"):
        result["rows"] = take_in(context, work / "intake")
    with progress.stage("rating", "ratings"):
        result["tiers"] = rate_all(*given)
    with progress.stage("planning", "plan"):
        result |= _plan(*given, work / "plan")
    with progress.stage("scoring tenders", "tenders"):
        if tender_files(context) and context.policy.tender_rules is not None:
            result["tenders"] = score_tenders(context, run_id, work / "intake", work / "ratings", work / "tenders")
    with progress.stage("writing workbooks", "publish"):
        result["files"] = publish(context, run_id, work, work / "published")
    with progress.stage("registering", "register"):
        result["ledger_head"] = register(context, run_id, work, work / "published")
    with progress.stage("delivering", "deliver"):
        saved_runs(context.settings).mkdir(exist_ok=True)
        write_json(saved_runs(context.settings) / f"{run_id}.json", context.arguments(run_id))
        result["approved_by"] = _deliver(FinishedRun(run_id, context, work))
    artifacts.show_run(context.settings, result, rejected(work / "intake"))
    if result["approved_by"] is None:
        server.tell("run.awaiting-approval", f"run.{run_id}", run_id=run_id, source=context.source_id)
    return result


def _deliver(run: FinishedRun) -> str | None:
    """Put the exports where people find them; who approved them, when this run was approved before."""
    with open_store(run.context.settings.database) as store:
        decided = standing(store, run)
        if decided is None:
            deliver(run.work / "published", run.context.out)
            return None
        hand_over(run.context.settings, store, run, decided)
        return str(decided["name"])


def _plan(context: RunContext, intake_folder: Path, rating_folder: Path, folder: Path) -> dict[str, Any]:
    """The plan's counts and rates; where no plan can be made, the reason in its place."""
    try:
        counts = plan_inspections(context, intake_folder, rating_folder, folder)
    except (PlanError, PolicyGap) as error:
        return {"plan": None, "rates": [], "no_plan": error.message}
    return {"plan": counts, "rates": rates_by_tier(planned(folder).quota)}


def run_everything(context: RunContext, *, demo_size: int | None) -> dict[str, Any]:
    """Generate the demonstration where asked for, then run; refused while another run holds the register."""
    context.settings.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (
        private(),
        watched(context) as watch,
        open_store(context.settings.database) as store,
        run_lock(store),
        console.steps(STAGES, watch.step) as progress,
        short_runs(),
    ):
        if demo_size is not None and not context.data.is_dir():
            context.data.parent.mkdir(parents=True, exist_ok=True)
            write_registers(context.data, demo_size, context.seed, context.as_of)
        _same_secret(store, context)
        watch.warn()
        keep_policy(context)
        run_id = watch.named(context.run_id(input_hashes(context) | named(context)))
        flow_of_night = nightly.with_options(task_runner=task_runner(context.settings))
        return flow_of_night(context, run_id, progress)


def _same_secret(store: Store, context: RunContext) -> None:
    """Person keys made with another secret would not tie the same enterprises together: refused before any is made."""
    with signed(context.settings, store) as unit:
        events.expect_secret(unit, context.settings.secret(), datetime.now(UTC))
