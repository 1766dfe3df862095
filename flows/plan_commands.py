"""`evenhand check`, `plan` and `replan`: the rules, the figures and the continuity of a plan."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from config.errors import CheckFailed, InputError, UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare

if TYPE_CHECKING:
    from models.inspection import Plan, PlanInput

RunId = Annotated[str | None, typer.Option("--run", help="Run whose plan is meant; default: the last.")]
Csv = typer.Option(dir_okay=False, help="CSV with the columns of models/records.py.")


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


def _last_plan(run_id: str | None, folder: Path | None) -> tuple[Plan, PlanInput]:
    """The plan of a folder or of a finished run, and what it was made from."""
    settings = Settings()
    prepare(settings.root)
    from flows.run import restored
    from flows.schedule import plan_input
    from models.inspection import load_plan

    run = restored(settings, run_id)
    found = folder or run.work / "plan" / "plan"
    if not found.is_dir():
        raise UsageError(f"{found}: no plan there.", remedy="name the folder of a plan, or a run that made one")
    return load_plan(found), plan_input(run.context, run.work / "intake", run.work / "ratings")


def plan(
    folder: Annotated[Path | None, typer.Argument(help="Folder of a plan; default: the last run's.")] = None,
    run_id: RunId = None,
    relax: Annotated[bool, typer.Option("--relax", help="Solve again for what each relaxation would buy.")] = False,
) -> None:
    """Show a plan: rates, gap to the proven bound, price of randomness, and what more people would buy.

    Example:  evenhand plan --relax
    """
    from flows.plan_words import plan_words
    from flows.summary import price_of_randomness, rates_by_tier
    from models.inspection.counterfactuals import counterfactuals

    found, given = _last_plan(run_id, folder)
    names = ("tier", "enterprises", "wanted", "planned", "rate_wanted", "rate_planned")
    rows = [tuple(row[name] for name in names) for row in rates_by_tier(found.quota)]
    console.print_table(f"plan {found.period_from} to {found.period_to}", list(names), rows)
    gap = 100 * (found.bound - found.objective) / max(1, found.bound)
    best = " (proven: no plan in these hours is worth more)" if found.objective == found.bound else ""
    console.out.print(
        f"gap to the proven bound: {gap:.2f}%{best}; lottery of inspectors: {found.lottery_bits:.0f} bits"
    )
    console.out.print(price_of_randomness(dict(found.draw.price)), markup=False)
    for line in (*plan_words(found.figures), *found.notes, *(map(str, counterfactuals(found, given)) if relax else ())):
        console.out.print(f"  {line}", markup=False)


def replan(
    today: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day that can still be changed.")],
    out: Annotated[Path, typer.Option(help="Folder for the new plan.")],
    absences: Annotated[Path | None, Csv] = None,
    must_visits: Annotated[Path | None, Csv] = None,
    cancel: Annotated[list[str] | None, typer.Option(help="Id of a visit that shall not take place.")] = None,
    folder: Annotated[Path | None, typer.Option("--plan", help="Folder of the plan; default: the last run's.")] = None,
    run_id: RunId = None,
) -> None:
    """Change a plan as little as possible after sickness, an emergency or a cancellation.

    Example:  evenhand replan --today 2026-12-10 --absences sick.csv --out var/out/replanned
    """
    from models import records
    from models.inspection import violations
    from models.inspection.replan import Changes, changed_input, changed_visits
    from models.inspection.replan import replan as changed

    before, given = _last_plan(run_id, folder)
    changes = Changes(
        _day(today),
        _table(absences, records.ABSENCES),
        _table(must_visits, records.MUST_VISITS),
        tuple(cancel or ()),
    )
    after = changed(before, given, changes)
    broken = violations(after, changed_input(given, changes))
    if broken:
        raise CheckFailed(f"the new plan breaks {len(broken)} rules, first: {broken[0]}", remedy="report this as a bug")
    after.save(out)
    counts = dict(changed_visits(before, after)["change"].value_counts().sort("change").iter_rows())
    told = ", ".join(f"{count} {what}" for what, count in counts.items()) or "nothing changed"
    console.out.print(f"{after.visits.height} visits: {told}; violations = 0; written to {out}", markup=False)


def _day(moment: datetime) -> date:
    return moment.date()


def _table(path: Path | None, schema: pl.Schema) -> pl.DataFrame:
    """A small table by hand; InputError names the file and what it lacks."""
    if path is None:
        return pl.DataFrame(schema=schema)
    try:
        return pl.read_csv(path, schema_overrides=schema).select(list(schema)).match_to_schema(schema)
    except (OSError, pl.exceptions.PolarsError) as error:
        message = f"not a table with {', '.join(schema)}: {error}"
        raise InputError(message, file=str(path), remedy="give CSV in UTF-8 with these headings") from error
