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
from flows import console
from flows.discreet import discreet
from flows.earlier import named
from flows.intake import input_hashes, take_in, tender_files
from flows.kept_policy import keep_policy
from flows.prefect_home import short_runs
from flows.publish import publish
from flows.rate import rate_all
from flows.register import register
from flows.run import RunContext, saved_runs
from flows.schedule import plan_inspections, planned
from flows.steps import deliver, write_json
from flows.summary import rates_by_tier
from flows.tender import score_tenders
from flows.watched import watched
from models.store import events, heads
from models.store.locks import run_lock
from models.store.session import Store, open_store

STAGES = 7


@flow(name="evenhand", validate_parameters=False, persist_result=False)
@discreet
def nightly(context: RunContext, run_id: str, progress: console.Steps) -> dict[str, Any]:
    """One run over one source; returns what the summary shows."""
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
        deliver(work / "published", context.out)
        saved_runs(context.settings).mkdir(exist_ok=True)
        write_json(saved_runs(context.settings) / f"{run_id}.json", context.arguments(run_id))
    return result


def _plan(context: RunContext, intake_folder: Path, rating_folder: Path, folder: Path) -> dict[str, Any]:
    """The plan's counts and rates; where no plan can be made, the reason in its place."""
    try:
        counts = plan_inspections(context, intake_folder, rating_folder, folder)
    except (PlanError, PolicyGap) as error:
        return {"plan": None, "rates": [], "no_plan": error.message}
    return {"plan": counts, "rates": rates_by_tier(planned(folder).quota)}


def run_everything(context: RunContext, *, demo_size: int | None) -> dict[str, Any]:
    """Generate the demonstration where asked for, then run; refused while another run holds the register."""
    context.settings.root.mkdir(parents=True, exist_ok=True)
    with (
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
        keep_policy(context)
        run_id = watch.named(context.run_id(input_hashes(context) | named(context)))
        return nightly(context, run_id, progress)


def _same_secret(store: Store, context: RunContext) -> None:
    """Person keys made with another secret would not tie the same enterprises together: refused before any is made."""
    moment = datetime.now(UTC)
    with store.unit_of_work() as unit:
        events.expect_secret(unit, context.settings.secret(), moment)
        heads.sign_heads(unit, heads.signing_key(context.settings.root / "ledger.key"), moment)
        unit.commit()
