"""A finished run made by the steps themselves, without a Prefect server: for tests of what comes after a run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from config.settings import Settings
from exports.registers import write_registers
from flows.prefect_home import prepare
from flows.run import RunContext, next_quarter


def finished_run(var: Path, enterprises: int = 200, *, tenders: bool = False) -> Settings:
    """Settings of a folder in which one small run has ended; `tenders`: with the tenders of its input scored too."""
    settings = Settings(var=var)
    prepare(settings.root)
    from flows.intake import input_hashes, take_in
    from flows.publish import publish
    from flows.rate import rate_all
    from flows.register import register
    from flows.run import saved_runs
    from flows.schedule import plan_inspections
    from flows.steps import deliver, write_json
    from flows.tender import score_tenders

    day = date(2026, 11, 1)
    write_registers(var / "data", enterprises, 3, day)
    context = RunContext(settings, "generated", var / "data", "market", day, 3, next_quarter(day), var / "out" / "demo")
    run_id = context.run_id(input_hashes(context))
    work = context.work(run_id)
    take_in.fn(context, work / "intake")
    rate_all.fn(context, work / "intake", work / "ratings")
    plan_inspections.fn(context, work / "intake", work / "ratings", work / "plan")
    if tenders:
        score_tenders.fn(context, run_id, work / "intake", work / "ratings", work / "tenders")
    publish.fn(context, run_id, work, work / "published")
    register.fn(context, run_id, work, work / "published")
    deliver(work / "published", context.out)
    saved_runs(settings).mkdir(exist_ok=True)
    write_json(saved_runs(settings) / f"{run_id}.json", context.arguments(run_id))
    return settings
