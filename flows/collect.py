"""A filled workbook comes back: its good rows become proposed records, the next run's input, and an answer is written.

By its hidden facts it is a roster of visits, or a day's list of examinations (`flows.collect_consignments`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from config.errors import ApprovalRequired, CheckFailed, UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare
from models.records import TABLES, VISITS, empty
from models.store import events, reads
from models.store.ledger import Reader
from models.store.session import UnitOfWork

RESULT = "visit_result"  # kind of the journal's line


@dataclass(frozen=True)
class Taken:
    """What one file came to."""

    file: str
    visits: int  # or examinations
    records: int
    refused: int
    unchanged: int
    blank: int
    answer: Path


def known_visits(reader: Reader, *, known_by: str | None = None) -> pl.DataFrame:
    """VISITS that earlier returns reported, by that moment (text of UTC) where one is given."""
    told = reads.ledger_entries(reader, "journal").filter(pl.col("kind") == RESULT)
    said = [dict(json.loads(body)) for body in told["body"]]
    rows = [one["visit"] for one in said if known_by is None or one["at"] <= known_by]
    if not rows:
        return empty(VISITS)
    dated = [row | {"visit_date": date.fromisoformat(row["visit_date"])} for row in rows]
    return pl.DataFrame(dated, schema=VISITS).unique("visit_id", keep="last", maintain_order=True)


def told_at(reader: Reader) -> list[str]:
    """Moments (texts of UTC) at which visits were reported."""
    told = reads.ledger_entries(reader, "journal").filter(pl.col("kind") == RESULT)
    return sorted({str(json.loads(body)["at"]) for body in told["body"]})


def report_visits(unit: UnitOfWork, visits: pl.DataFrame, *, officer: str, form_sha256: str, at: datetime) -> None:
    """VISITS into the journal, one line each."""
    for row in visits.iter_rows(named=True):
        visit = row | {"visit_date": row["visit_date"].isoformat()}
        events.log_event(unit, RESULT, row["visit_id"], at, visit=visit, officer=officer, form_sha256=form_sha256)


def collect_roster(
    settings: Settings, path: Path, answer: Path, *, officer: str, run_id: str | None = None, today: date | None = None
) -> Taken:
    """Collect one returned roster of a run (default: the last), write the annotated copy to `answer`.

    The same file twice changes nothing. Raises InputError for a file that is no roster of that run's plan.
    """
    from exports.outcome_form import collect_file
    from flows.results import planned, tables
    from flows.run import restored
    from flows.signed import signed
    from models.outcome import Staff
    from models.store.locks import run_lock
    from models.store.session import open_store

    run = restored(settings, run_id)
    if not (run.work / "plan").is_dir():
        raise UsageError(f"run {run.run_id} made no plan.", remedy="name the run whose roster this is with --run")
    now = datetime.now(UTC)
    visits, policy = planned(run.work / "plan").visits, run.context.policy
    given = {name: empty(schema) for name, schema in TABLES.items()} | tables(run.work / "intake")
    staff = Staff(given["inspectors"], given["conflicts"], given["enterprises"])
    with open_store(settings.database) as store, run_lock(store):
        with store.snapshot() as snapshot:
            known = known_visits(snapshot)
        found = collect_file(path, visits, policy, today or now.date(), known=known, staff=staff, answer=answer)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with signed(settings, store) as unit:
            records = found.proposed.records.with_columns(visit_id=pl.col("act_id"))
            fresh = events.propose_records(
                unit, records, run_id=run.run_id, form_sha256=digest, officer=officer, at=now
            )
            report_visits(unit, found.proposed.visits, officer=officer, form_sha256=digest, at=now)
    told = (found.proposed.visits.height, fresh, found.refused.height, found.proposed.unchanged, found.returned.blank)
    return Taken(path.name, *told, answer)


def collect_workbook(settings: Settings, path: Path, answer: Path, *, officer: str, run_id: str | None = None) -> Taken:
    """Collect a roster or a day's list of examinations, whichever it is."""
    from exports.facts import CONSIGNMENT_KIND
    from exports.returned_book import kind_of
    from flows.collect_consignments import collect_consignments

    if not officer.strip():
        raise ApprovalRequired("officer is empty.", remedy="say by --officer who hands it in")
    of_day = kind_of(path) == CONSIGNMENT_KIND
    return (collect_consignments if of_day else collect_roster)(settings, path, answer, officer=officer, run_id=run_id)


def collect(
    files: Annotated[list[Path], typer.Argument(help="Filled rosters, or filled lists of a day's examinations.")],
    officer: Annotated[str, typer.Option(help="Who hands them in.")],
    run_id: Annotated[
        str | None,
        typer.Option("--run", help="Run they belong to; default: the last for rosters, their own for a day's lists."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the annotated copies; default: beside the files.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Read filled rosters, or lists of a day's examinations, back: good rows become proposed records, every problem is
    marked in an annotated copy. What a list says was not examined is owed on the next day that is made.

    Examples:

      evenhand collect roster-430101.xlsx --officer li.na

      evenhand collect examinations.xlsx --officer li.na
    """
    settings = Settings()
    prepare(settings.root)
    rows: list[dict[str, Any]] = []
    for path in files:
        answer = (out or path.parent) / f"{path.stem}-answer.xlsx"
        taken = collect_workbook(settings, path, answer, officer=officer, run_id=run_id)
        rows.append({name: getattr(taken, name) for name in taken.__dataclass_fields__})
    if as_json:
        console.print_json(rows)
    else:
        headings = ["file", "results", "records", "refused", "unchanged", "not yet", "answer"]
        console.print_table("Returned workbooks", headings, [tuple(str(v) for v in row.values()) for row in rows])
    if any(row["refused"] for row in rows):
        raise CheckFailed("some rows were refused.", remedy="see the annotated copies, mend, and collect again")
