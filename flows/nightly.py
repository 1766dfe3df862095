"""The composition: intake → rate → plan → tenders → publish → register → deliver.

Every step stands in a folder named by the run and is whole or absent, so that the same command after a crash goes on
where the last one stopped and ends with the same result.
"""

from __future__ import annotations

from typing import Any

from prefect import flow

from config.errors import PlanError, PolicyGap
from exports.facts import Approval
from exports.registers import write_registers
from flows import console
from flows.intake import input_hashes, take_in
from flows.prefect_home import short_runs
from flows.publish import publish
from flows.rate import rate_all
from flows.register import register
from flows.run import RunContext, saved_runs
from flows.schedule import plan_inspections, planned
from flows.steps import deliver, write_json
from flows.summary import rates_by_tier
from flows.tender import score_tenders, tender_files
from models.store.locks import run_lock
from models.store.session import open_store

STAGES = 7


@flow(name="evenhand", validate_parameters=False, persist_result=False)
def nightly(context: RunContext, run_id: str, progress: console.Steps, approval: Approval | None) -> dict[str, Any]:
    """One run over one source; returns what the summary shows."""
    work = context.work(run_id)
    result: dict[str, Any] = {
        "run_id": run_id,
        "as_of": context.as_of,
        "pack": context.pack,
        "source": context.source_id,
    }
    progress.start("taking in")
    result["rows"] = take_in(context, work / "intake")
    progress.done()
    progress.start("rating")
    result["tiers"] = rate_all(context, work / "intake", work / "ratings")
    progress.done()
    progress.start("planning")
    try:
        result["plan"] = plan_inspections(context, work / "intake", work / "ratings", work / "plan")
        result["rates"] = rates_by_tier(planned(work / "plan").quota)
    except (PlanError, PolicyGap) as error:
        result["plan"], result["rates"] = None, []
        result["no_plan"] = error.message
    progress.done()
    progress.start("scoring tenders")
    has_tenders = bool(tender_files(context)) and context.policy.tender_rules is not None
    if has_tenders:
        result["tenders"] = score_tenders(context, run_id, work / "intake", work / "ratings", work / "tenders")
    progress.done()
    progress.start("writing workbooks")
    folder = work / ("published" if approval is None else f"approved-{approval.on}")
    result["files"] = publish(context, run_id, work, folder, approval)
    progress.done()
    progress.start("registering")
    result["ledger_head"] = register(context, run_id, work, folder)
    progress.done()
    progress.start("delivering")
    deliver(folder, context.out)
    result["out"] = str(context.out)
    saved_runs(context.settings).mkdir(exist_ok=True)
    write_json(saved_runs(context.settings) / f"{run_id}.json", context.arguments(run_id))
    progress.done()
    return result


def run_everything(context: RunContext, *, demo_size: int | None, approval: Approval | None = None) -> dict[str, Any]:
    """Generate the demonstration where asked for, then run; refused while another run holds the register."""
    context.settings.root.mkdir(parents=True, exist_ok=True)
    with (
        open_store(context.settings.database) as store,
        run_lock(store),
        console.steps(STAGES) as progress,
        short_runs(),
    ):
        progress.start("reading")
        if demo_size is not None and not context.data.is_dir():
            context.data.parent.mkdir(parents=True, exist_ok=True)
            write_registers(context.data, demo_size, context.seed, context.as_of)
        run_id = context.run_id(input_hashes(context))
        return nightly(context, run_id, progress, approval)
