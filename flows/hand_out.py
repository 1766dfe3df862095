"""Notices to firms and calendars for teams, from a finished run; per inspectorate, over worker processes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from config.errors import UsageError
from config.settings import Settings
from exports.facts import Approval, Facts, facts_of
from flows import console
from flows.prefect_home import prepare
from flows.run import FinishedRun

RunId = Annotated[str | None, typer.Option("--run", help="Run; default: the last.")]
Out = Annotated[Path | None, typer.Option(help="Folder; default: under the run's own.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@dataclass(frozen=True)
class Order:
    """Which notices to write where."""

    settings: Settings
    run_id: str
    facts: Facts
    approval: Approval | None
    folder: Path
    tiers: tuple[str, ...]


def approval_of(settings: Settings, run: FinishedRun) -> Approval | None:
    """The approval in force of exactly this run's ratings and plan; None without one."""
    from flows.approve import standing
    from models.store.session import open_store

    with open_store(settings.database) as store:
        found = standing(store, run)
    return None if found is None else Approval(found["name"], found["reason"], date.fromisoformat(found["at"][:10]))


def notices_of_region(order: Order, region: str) -> int:
    """Write the notices of one inspectorate; how many."""
    from exports.notice import write_notices
    from flows.earlier import history
    from flows.intake import tables
    from flows.rate import ratings
    from flows.run import restored
    from models.rating.explain import explain_many

    run = restored(order.settings, order.run_id)
    rated = ratings(run.work / "ratings").filter(pl.col("region") == region)
    ids = (rated if not order.tiers else rated.filter(pl.col("tier").is_in(order.tiers)))["enterprise_id"].sort()
    if ids.is_empty():
        return 0
    known, policy = tables(run.work / "intake"), run.context.policy

    options: dict[str, Any] = {"approval": order.approval, "language": order.settings.language}
    told = explain_many(ids.to_list(), known, policy, history=history(run.context))
    return write_notices(told, order.facts, order.folder / region, **options).count


def notices(
    tier: Annotated[list[str] | None, typer.Option(help="Only these tiers; may be given more than once.")] = None,
    run_id: RunId = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Write a rating notice (Word, JSON) for every enterprise and a mail-merge workbook per inspectorate.

    Example:  evenhand notices --tier C --tier D
    """
    settings = Settings()
    prepare(settings.root)
    from flows.rate import ratings
    from flows.run import restored

    run = restored(settings, run_id)
    rated = ratings(run.work / "ratings")
    if unknown := set(tier or ()) - {t.id for t in run.context.policy.tiers}:
        raise UsageError(f"no tier {', '.join(sorted(unknown))}.", remedy="use the pack's tiers")
    folder = out or run.context.out.with_name(f"{run.context.out.name}-notices")
    facts, approval = facts_of(run.context.policy, run.run_id), approval_of(settings, run)
    order = Order(settings, run.run_id, facts, approval, folder, tuple(tier or ()))
    regions = rated["region"].drop_nulls().unique().sort().to_list()
    total = 0
    with (
        ProcessPoolExecutor(settings.workers, mp_context=get_context("spawn")) as pool,
        console.steps(len(regions)) as progress,
    ):
        for region, count in zip(regions, pool.map(partial(notices_of_region, order), regions), strict=True):
            with progress.stage(f"{region}: {count:,} notices"):
                total += count
    if as_json:
        return console.print_json({"notices": total, "approved": approval is not None, "folder": str(folder)})
    standing = "approved" if approval else "screening aid: not approved yet"
    console.out.print(f"{total:,} notices ({standing}) in {folder}", markup=False)


def calendars(run_id: RunId = None, out: Out = None, as_json: Json = False) -> None:
    """Write an iCalendar file per team of inspectors; moved and cancelled visits update what was handed out before.

    Example:  evenhand calendars
    """
    settings = Settings()
    prepare(settings.root)
    from exports.calendar import write_calendars
    from flows.intake import tables
    from flows.run import restored
    from flows.schedule import planned

    run = restored(settings, run_id)
    if not (run.work / "plan").is_dir():
        raise UsageError(f"run {run.run_id} made no plan.", remedy="name a run that made one with --run")
    visits, known = planned(run.work / "plan").visits, tables(run.work / "intake")
    facts, folder = facts_of(run.context.policy, run.run_id, visits), out or settings.root / "calendars"
    options: dict[str, Any] = {"approval": approval_of(settings, run), "language": settings.language}
    paths = write_calendars(visits, known["enterprises"], known["inspectors"], facts, folder, **options)
    if as_json:
        return console.print_json({"calendars": [str(path) for path in paths], "folder": str(folder)})
    console.out.print(f"{len(paths)} calendars in {folder}", markup=False)
