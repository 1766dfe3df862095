"""Step 3: tiers, inspectors and their hours → a plan that breaks no rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import CheckFailed
from flows.discreet import discreet
from flows.results import planned as planned
from flows.results import ratings, tables
from flows.retries import IO
from flows.run import RunContext
from flows.steps import once, read_json, write_json
from models.inspection import PlanInput, make_plan, violations
from models.records import TABLES, empty


def plan_input(context: RunContext, intake_folder: Path, rating_folder: Path) -> PlanInput:
    """Everything a plan depends on."""
    found = tables(intake_folder)
    known = {name: found.get(name, empty(schema)) for name, schema in TABLES.items()}
    return PlanInput(
        ratings=ratings(rating_folder),
        enterprises=known["enterprises"],
        visits=known["visits"],
        inspectors=known["inspectors"],
        absences=known["absences"],
        conflicts=known["conflicts"],
        must_visits=known["must_visits"],
        policy=context.policy,
        period_from=context.period[0],
        period_to=context.period[1],
        seed=context.seed_bytes,
    )


@task(name="plan", cache_policy=NO_CACHE, **IO)
@discreet
def plan_inspections(context: RunContext, intake_folder: Path, rating_folder: Path, folder: Path) -> dict[str, Any]:
    """Make and check the plan; returns its counts. A plan that breaks a rule never leaves: CheckFailed names it."""

    def make(draft: Path) -> None:
        given = plan_input(context, intake_folder, rating_folder)
        plan = make_plan(given)
        broken = violations(plan, given)
        if broken:
            raise CheckFailed(f"the plan breaks {len(broken)} rules, first: {broken[0]}", remedy="report this as a bug")
        plan.save(draft / "plan")
        figures = {
            "visits": plan.visits.height,
            "left_out": plan.left_out.height,
            "violations": len(broken),
            "objective": plan.objective,
            "bound": plan.bound,
            **{f"price_{name}": value for name, value in plan.draw.price.items()},
            **plan.figures,
        }
        write_json(draft / "plan.json", figures)

    once(folder, make)
    return dict(read_json(folder / "plan.json"))
