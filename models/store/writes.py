"""Writing results and events, each together with its ledger entry, inside the caller's unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Protocol

import polars as pl
from sqlalchemy import delete, func, insert, select, update

from config.errors import StoreError
from models.store import ledger
from models.store.bulk import insert_frame
from models.store.canonical import canonical_json
from models.store.frames import fit
from models.store.ledger import Entry
from models.store.let_go import let_go
from models.store.sealed import INPUT_FILES, RUN_TABLES
from models.store.session import UnitOfWork


class SeenFile(Protocol):
    """What intake says of a file."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def accepted(self) -> int: ...
    @property
    def rejected(self) -> int: ...


@dataclass(frozen=True)
class RunRow:
    """What names a run; without a clock, so that the same command gives the same row."""

    run_id: str
    command: str
    source: str
    pack: str
    policy_digest: str
    as_of: date
    seed: str
    period_from: date | None = None
    period_to: date | None = None
    program: str = ""
    arguments: str = "{}"


def save_run(unit: UnitOfWork, run: RunRow) -> None:
    """The run's arguments; saving the same run again changes nothing."""
    row = asdict(run)
    sealed = RUN_TABLES["runs"]
    frame = pl.DataFrame([row]).select(pl.col(name).cast(dtype) for name, dtype in sealed.schema.items())
    if not ledger.append(unit, "results", [sealed.entry(run.run_id, frame)]):
        return
    same = sealed.table.c.run_id == run.run_id
    if not unit.connection.execute(update(sealed.table).where(same).values(**row)).rowcount:
        unit.connection.execute(insert(sealed.table).values(**row))


def save_inputs(unit: UnitOfWork, run_id: str, source: str, files: Iterable[SeenFile]) -> int:
    """Files a run read; returns how many contents the register had not seen before from this source."""
    seen = list(files)
    rows = [
        {
            "name": file.name,
            "source": source,
            "sha256": file.sha256,
            "rows": file.rows,
            "accepted": file.accepted,
            "rejected": file.rejected,
        }
        for file in seen
    ]
    _replace(unit, "run_inputs", run_id, pl.DataFrame(rows, schema=pl.Schema(RUN_TABLES["run_inputs"].schema)))
    fresh = 0
    for file in sorted(seen, key=lambda file: (file.sha256, file.name)):
        fresh += _add_file(unit, {"source": source, "sha256": file.sha256, "rows": file.rows})
    return fresh


def _add_file(unit: UnitOfWork, row: dict[str, Any]) -> int:
    table = INPUT_FILES.table
    known = select(func.count()).where(table.c.source == row["source"], table.c.sha256 == row["sha256"])
    if unit.connection.execute(known).scalar_one():
        return 0
    unit.connection.execute(insert(table).values(**row))
    ledger.append(unit, "results", [INPUT_FILES.entry(row)])
    return 1


def save_rejected(unit: UnitOfWork, run_id: str, rejected: pl.DataFrame) -> None:
    """Refused rows (models.records.REJECTED), numbered in the order of file, row, rule, column."""
    ordered = rejected.sort("file", "row", "rule", "column", "value", "reason", nulls_last=False)
    _replace(unit, "rejected_rows", run_id, ordered.with_row_index("number", offset=1))


def save_ratings(unit: UnitOfWork, run_id: str, ratings: pl.DataFrame) -> None:
    """One row per enterprise (models.records.RATINGS)."""
    _replace(unit, "ratings", run_id, ratings)


def save_plan(
    unit: UnitOfWork,
    run_id: str,
    *,
    period: tuple[date, date],
    visits: pl.DataFrame,
    left_out: pl.DataFrame,
    objective: int | None = None,
    bound: int | None = None,
    figures: Mapping[str, Any] | None = None,
) -> None:
    """A plan: PLAN_VISITS, PLAN_LEFT_OUT and what it publishes (figures: plain JSON values, quota by tier …)."""
    head = {
        "period_from": period[0],
        "period_to": period[1],
        "objective": objective,
        "bound": bound,
        "figures": canonical_json(dict(figures or {})),
    }
    _replace(unit, "plans", run_id, pl.DataFrame([head], schema=pl.Schema(RUN_TABLES["plans"].schema)))
    _replace(unit, "planned_visits", run_id, visits)
    _replace(unit, "left_out", run_id, left_out)


def save_draws(unit: UnitOfWork, run_id: str, draws: Mapping[str, Any]) -> None:
    """Published draws by name: plain JSON values that let an outsider replay them."""
    rows = [{"name": name, "publication": canonical_json(body)} for name, body in sorted(draws.items())]
    _replace(unit, "draws", run_id, pl.DataFrame(rows, schema=pl.Schema(RUN_TABLES["draws"].schema)))


def save_tenders(unit: UnitOfWork, run_id: str, evaluations: Mapping[str, Any], bids: pl.DataFrame) -> None:
    """Tenders by id (plain JSON values) and one row per bid and lot.

    `bids`: tender_id, lot, bid_id, enterprise_id, tier, credit_points and total_points (milli-points), rank,
    detail (JSON text).
    """
    rows = [{"tender_id": name, "evaluation": canonical_json(body)} for name, body in sorted(evaluations.items())]
    _replace(unit, "tenders", run_id, pl.DataFrame(rows, schema=pl.Schema(RUN_TABLES["tenders"].schema)))
    _replace(unit, "bid_scores", run_id, bids)


def save_exports(unit: UnitOfWork, run_id: str, cell_digests: Mapping[str, str]) -> None:
    """Files written: path below the output folder → digest of its cells (or bytes, for what has no cells)."""
    rows = [
        {"path": path, "kind": path.rpartition(".")[2], "cell_digest": digest}
        for path, digest in sorted(cell_digests.items())
    ]
    _replace(unit, "exports", run_id, pl.DataFrame(rows, schema=pl.Schema(RUN_TABLES["exports"].schema)))


def seal_result(unit: UnitOfWork, run_id: str, kind: str, body: Mapping[str, Any]) -> None:
    """A result whose rows lie elsewhere (the lake, a ratings file): its digest alone goes into the results log."""
    if kind in RUN_TABLES:
        raise StoreError(f"{kind} is a table of the register.", remedy=f"save its rows with save_{kind}")
    ledger.append(unit, "results", [Entry(kind, run_id, body)])


def _replace(unit: UnitOfWork, name: str, run_id: str, frame: pl.DataFrame) -> None:
    """Put a run's rows in place of those that stand there; nothing happens when they are the same, unless the rows
    were let go since: then they are there again.
    """
    sealed = RUN_TABLES[name]
    rows = fit(frame, sealed.schema, name)
    try:
        entry = sealed.entry(run_id, rows)
    except ValueError as error:
        raise StoreError(f"{name} of run {run_id}: {error}") from error
    if not ledger.append(unit, "results", [entry]) and name not in let_go(unit, run_id):
        return
    unit.connection.execute(delete(sealed.table).where(sealed.table.c.run_id == run_id))
    insert_frame(unit.connection, sealed.table, rows.with_columns(run_id=pl.lit(run_id)))
