"""`evenhand check`: every rule of a plan, without a solver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.errors import CheckFailed, UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare


def check(
    plan: Annotated[Path | None, typer.Argument(help="Folder of a plan; default: the last run's.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Run whose inputs the plan is held against.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Count the violations of every rule in a plan, without a solver.

    Example:  evenhand check var/out/generated-2026-11-01/plan
    """
    settings = Settings()
    prepare(settings.root)
    from flows.run import restored
    from flows.schedule import plan_input
    from models.inspection import load_plan, violations

    run = restored(settings, run_id)
    folder = plan or run.work / "plan" / "plan"
    if not folder.is_dir():
        raise UsageError(f"{folder}: no plan there.", remedy="name the folder of a plan, or a run that made one")
    found = violations(load_plan(folder), plan_input(run.context, run.work / "intake", run.work / "ratings"))
    if as_json:
        console.print_json([str(one) for one in found])
    for one in found[:50]:
        console.out.print(f"  {one}", markup=False)
    if found:
        raise CheckFailed(f"{len(found)} violations.", remedy="do not use this plan")
    console.out.print("violations = 0")
