"""The clocks that run on officials: of the register's decisions and of those that came in with the agencies' files."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import polars as pl
from prefect import flow

from config.in_force import Redress
from config.policy import load_policy
from config.settings import Settings
from flows import artifacts, server
from flows.approve import standing
from flows.discreet import discreet
from flows.intake import tables
from flows.run import FinishedRun, saved, saved_runs
from models.records import DECISIONS, empty
from models.redress.clocks import CLOCKS, by_official, working_days
from models.redress.clocks import clocks as running
from models.store import events, reads
from models.store.ledger import Reader
from models.store.recalls import taken_in
from models.store.session import open_store

EXTENDED = pl.Schema(
    dict(DECISIONS)
    | {"annotated_on": pl.Date(), "withdrawn_on": pl.Date(), "agency": pl.String(), "came_from": pl.String()}
)


def all_clocks(settings: Settings, policy: str, day: date) -> pl.DataFrame:
    """models.redress.clocks.CLOCKS that had started by `day`: decisions and notices of the register by the terms of
    `policy`, decisions of every source's last run by those of the run's pack.

    Of what the files brought, nothing runs that began before the pack's first day, and no term of marking or
    withdrawing that began before the source was first run.
    """
    own_terms = load_policy(policy)
    with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
        own, notices = _of_register(snapshot), events.notices(snapshot)
        marked, ran = taken_in(snapshot), reads.runs(snapshot)
    found = [running(_marked(own, marked), notices, lambda started: own_terms.at(started).redress, day)]
    for run in last_runs(settings):
        brought = _of_source(run).join(own.select("decision_id"), on="decision_id", how="anti")
        began = ran.filter(pl.col("source") == run.context.source_id)["as_of"].min()
        mark = pl.col("clock").is_in(["annotate", "withdraw"]) & (pl.col("started_on") < began)
        found.append(running(_marked(brought, marked), notices.clear(), _terms(run), day).filter(~mark))
    return pl.concat([CLOCKS.to_frame(), *found]).sort("due_on", "clock", "subject")


def _terms(run: FinishedRun) -> Callable[[date], Redress]:
    return lambda started: run.context.book.at(started).redress


def _of_register(reader: Reader) -> pl.DataFrame:
    """EXTENDED decisions of the register as they now stand."""
    latest = events.decision_versions(reader).unique("decision_id", keep="last", maintain_order=True)
    return latest.with_columns(came_from=pl.lit("register")).select(list(EXTENDED))


def last_runs(settings: Settings) -> list[FinishedRun]:
    """Of every source the run finished last whose intake still stands, by source."""
    found: dict[str, FinishedRun] = {}
    for path in sorted(saved_runs(settings).glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name)):
        run = saved(settings, path.stem)
        if (run.work / "intake").is_dir():
            found[run.context.source_id] = run
    return [found[source] for source in sorted(found)]


def _of_source(run: FinishedRun) -> pl.DataFrame:
    """EXTENDED decisions that the agencies' files brought, with the agency of the record they are about."""
    known = tables(run.work / "intake")
    started = pl.coalesce("filed_on", "decided_on") >= run.context.book.form.pack.covers_from
    given = known.get("decisions", empty(DECISIONS)).filter(pl.col("record_id").is_not_null() & started)
    agencies = known["records"].select("record_id", "agency").unique("record_id", keep="first", maintain_order=True)
    return (
        given.join(agencies, on="record_id", how="left")
        .with_columns(
            annotated_on=pl.lit(None, dtype=pl.Date),
            withdrawn_on=pl.lit(None, dtype=pl.Date),
            came_from=pl.lit(run.context.source_id),
        )
        .select(list(EXTENDED))
    )


def _marked(decisions: pl.DataFrame, marked: dict[str, date]) -> pl.DataFrame:
    """The first run that took a decision in marked the objection and left the revoked record out."""
    days = pl.DataFrame(
        {"decision_id": list(marked), "marked_on": list(marked.values())},
        schema={"decision_id": pl.String, "marked_on": pl.Date},
    )
    return (
        decisions.join(days, on="decision_id", how="left", maintain_order="left")
        .with_columns(
            annotated_on=pl.coalesce("annotated_on", "marked_on"), withdrawn_on=pl.coalesce("withdrawn_on", "marked_on")
        )
        .drop("marked_on")
    )


@flow(name="clocks", persist_result=False)
@discreet
def clocks(policy: str = "market", as_of: date | None = None) -> dict[str, int]:
    """Tell which terms end on the day or the next working day and which have ended; let go on what was approved."""
    settings, day = Settings(), as_of or datetime.now().date()
    found = all_clocks(settings, policy, day)
    next_day = working_days(load_policy(policy).at(day).redress.holidays).after(day, 1)
    told = ending(found, next_day)
    for row in told.iter_rows(named=True):
        server.tell("objection.clock-ends", f"decision.{row['subject']}", **{k: str(v) for k, v in row.items()})
    if server.stays():
        artifacts.table("clocks", by_official(found).to_dicts(), f"Clocks on the officials on {day}")
    return {"clocks": found.height, "told": told.height, "resumed": release_approved(settings)}


def ending(found: pl.DataFrame, by: date) -> pl.DataFrame:
    """Clocks that end by this day or are overdue, and notices that counted too early, without the firm's id."""
    ends = (pl.col("state") == "running") & (pl.col("due_on") <= by)
    amiss = pl.col("state").is_in(["overdue", "too_early"])
    return found.filter(ends | amiss).drop("enterprise_id", "record_id")


def release_approved(settings: Settings) -> int:
    """Resume hand-outs that still wait although their run was approved while the server was away; how many."""
    if not server.stays():
        return 0
    resumed = 0
    with open_store(settings.database, migrate=False) as store:
        for run in last_runs(settings):
            decided: dict[str, Any] | None = standing(store, run)
            if decided is not None:
                words = {key: str(decided[key]) for key in ("officer", "name", "reason")}
                resumed += server.release(run.run_id, words | {"outcome": "approved"}) or 0
    return resumed
