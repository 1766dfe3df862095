"""Days that were made and what came back from them: the folders under var/consign, and the results in the journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from flows.run import RunContext
from models.consignment.debt import DEBTS, debts, owed
from models.consignment.files import carried_by, days_kept, load_day
from models.consignment.results import TOLD, day_digest
from models.store import events, reads
from models.store.ledger import Reader
from models.store.session import UnitOfWork

RESULT, DRAW = "consignment_result", "consignment_draw"  # kinds of the journal's lines
LISTED = pl.Schema(TOLD | {"plan": pl.String})
"""TOLD with the digest of the list a result was reported for."""


def stream_of(context: RunContext) -> str:
    """Name of the days that build on each other: one source under one pack."""
    return f"{context.source_id}-{Path(context.pack).name}"


def period_of(day: date) -> str:
    """The quarter over which the rates have to hold."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def kept_in(context: RunContext, day: date) -> Path:
    """Folder of a made day."""
    return context.settings.root / "consign" / stream_of(context) / period_of(day) / day.isoformat()


def told_results(reader: Reader, stream: str) -> pl.DataFrame:
    """LISTED that came back of a stream's days, the latest word on each declaration."""
    lines = reads.ledger_entries(reader, "journal").filter(
        (pl.col("kind") == RESULT) & pl.col("subject").str.starts_with(f"{stream}/")
    )
    rows = [_read(dict(json.loads(body))) for body in lines["body"]]
    frame = pl.DataFrame(rows, schema=LISTED)
    return frame.unique(["plan", "day", "declaration_id"], keep="last", maintain_order=True)


def _read(body: dict[str, Any]) -> dict[str, Any]:
    row = {"plan": body["plan"], **body["result"]}
    for name in ("day", "examined_on"):
        row[name] = None if row[name] is None else date.fromisoformat(row[name])
    return row


def report_results(
    unit: UnitOfWork, told: pl.DataFrame, *, stream: str, plan: str, officer: str, form_sha256: str, at: datetime
) -> None:
    """TOLD into the journal, one line each; what nobody examined with what it puts back on the accounts."""
    for row in told.iter_rows(named=True):
        days = {name: None if row[name] is None else row[name].isoformat() for name in ("day", "examined_on")}
        subject = f"{stream}/{days['day']}/{row['declaration_id']}"
        about = {"result": row | days, "plan": plan, "officer": officer, "form_sha256": form_sha256}
        events.log_event(unit, RESULT, subject, at, **about)


def of_lists_kept(told: pl.DataFrame, root: Path) -> pl.DataFrame:
    """Those of the results that belong to the lists kept under a period's folder as they stand."""
    there = days_kept(root)
    kept = {(day, day_digest(load_day(there[day]))) for day in told["day"].unique() if day in there}
    lists = pl.DataFrame(list(kept), schema={"day": pl.Date, "plan": pl.String}, orient="row")
    return told.join(lists, on=["day", "plan"], how="semi", maintain_order="left")


def owed_on(day: date, told: pl.DataFrame, root: Path, drawn: Mapping[date, Collection[str]]) -> pl.DataFrame:
    """DEBTS that a day without a folder begins with: where it was made before (`drawn`: `draws_of`), those it began
    with then, else all that no other day has carried yet."""
    if told.is_empty():
        return DEBTS.to_frame()
    known = debts(of_lists_kept(told, root))
    if day in drawn:
        return known.filter(debt_name().is_in(list(drawn[day])))
    return owed(known, day, _carried(days_kept(root).values()))


def open_after(day: date, told: pl.DataFrame, root: Path) -> pl.DataFrame:
    """DEBTS that its balance does not know of yet when a made day has ended."""
    until = [folder for kept, folder in days_kept(root).items() if kept <= day]
    return owed(debts(of_lists_kept(told, root)), day + timedelta(days=1), _carried(until))


def _carried(folders: Iterable[Path]) -> pl.DataFrame:
    return pl.concat([DEBTS.to_frame(), *map(carried_by, folders)])


def debt_name() -> pl.Expr:
    """How the ledger names a debt: day/declaration."""
    return pl.format("{}/{}", pl.col("day").cast(pl.String), "declaration_id")


def draws_of(reader: Reader, stream: str) -> dict[date, list[str]]:
    """The days of a stream that were made, by the journal, each with the names of the debts it began with."""
    lines = reads.ledger_entries(reader, "journal").filter(pl.col("kind") == DRAW)
    found = [(subject, json.loads(body)) for subject, body in lines.select("subject", "body").iter_rows()]
    return {date.fromisoformat(day): body["owed"] for day, body in found if body.get("stream") == stream}


def listed(root: Path) -> pl.DataFrame:
    """Everything on the lists of a period's kept days: day, declaration_id, office, tier, why, drawn."""
    columns = ("day", "declaration_id", "office", "tier", "why", "drawn")
    lists = [load_day(folder).chosen.with_columns(day=pl.lit(day)) for day, folder in days_kept(root).items()]
    schema = {name: dtype for name, dtype in TOLD.items() if name in columns}
    return pl.concat([pl.DataFrame(schema=schema).select(columns), *(frame.select(columns) for frame in lists)])
