"""Step 5: results → workbooks, register, report and plain files, in one folder that is whole or absent."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from config.units import MILLI
from exports.calendar import write_calendars
from exports.compliance import write_register
from exports.facts import Approval, facts_of
from exports.report import ReportInput, write_report
from exports.roster import write_rosters
from flows.discreet import discreet
from flows.earlier import previous, seen_rates
from flows.intake import overrides, rejected, tables
from flows.rate import ratings
from flows.retries import IO
from flows.run import RunContext
from flows.schedule import planned
from flows.steps import once, read_json
from models.inspection import publish_draw
from models.records import TABLES, empty


def write_ratings_csv(frame: pl.DataFrame, path: Path) -> None:
    """`enterprise_id,score,tier`, one row per enterprise; the score in points, higher is better."""
    plain = frame.sort("enterprise_id").select("enterprise_id", score=pl.col("score") / MILLI, tier="tier")
    plain.write_csv(path, float_precision=3)


@task(name="publish", cache_policy=NO_CACHE, **IO)
@discreet
def publish(
    context: RunContext,
    run_id: str,
    work: Path,
    folder: Path,
    approval: Approval | None = None,
    *,
    tenders: str = "tenders",
) -> list[str]:
    """Write everything people hold in their hands into `folder`; returns the names below it."""

    def make(draft: Path) -> None:
        found = {name: empty(schema) for name, schema in TABLES.items()} | tables(work / "intake")
        rated = ratings(work / "ratings")
        plan = planned(work / "plan") if (work / "plan").is_dir() else None
        facts = facts_of(context.policy, run_id, plan.visits if plan else None)
        write_ratings_csv(rated, draft / "ratings.csv")
        language = context.settings.language
        if plan is not None:
            rosters = (plan, found["enterprises"], found["inspectors"], context.policy, facts, draft / "rosters")
            write_rosters(*rosters, approval=approval, language=language)
            shutil.copytree(work / "plan" / "plan", draft / "plan")
            publish_draw(plan.draw, draft / "draw", revealed=approval is not None)
            if approval is not None and (work / "published" / "calendars").is_dir():
                shutil.copytree(work / "published" / "calendars", draft / "calendars")  # approval updates them
            calendars = (plan.visits, found["enterprises"], found["inspectors"], facts, draft / "calendars")
            write_calendars(*calendars, approval=approval, language=language)
        if (work / tenders).is_dir():
            shutil.copytree(work / tenders / "tenders", draft / "tenders")
        before = previous(context)
        register = (rated, before, found["enterprises"], context.policy, facts, draft / "compliance-register.xlsx")
        write_register(*register, approval=approval, language=language)
        report = ReportInput(
            ratings=rated,
            enterprises=found["enterprises"],
            policy=context.policy,
            facts=facts,
            rejected=rejected(work / "intake"),
            files=read_json(work / "intake" / "intake.json")["files"],
            plan=plan,
            previous=before,
            violation_rates=seen_rates(context, found["visits"]),
            overrides=_shown(overrides(work / "intake")),
            approval=approval,
            language=language,
        )
        write_report(report, draft / "report.html")

    once(folder, make)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _shown(found: pl.DataFrame) -> pl.DataFrame | None:
    """Overrides as the report shows them: who, what, why, on which day; None without any."""
    columns = ("officer", "name", "subject", "before", "after", "reason", pl.col("at").str.head(10).alias("on"))
    return found.sort("at", "override_id").select(*columns) if found.height else None
