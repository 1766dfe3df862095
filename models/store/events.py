"""Events: who did what and when. Each is written once, never changed, and sealed in the journal."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import select, tuple_

from config.errors import ApprovalRequired, StoreError
from models import records
from models.store import ledger
from models.store.bulk import insert_frame, read_frame
from models.store.canonical import instant, json_digest
from models.store.ledger import Entry, Reader
from models.store.sealed import EVENT_TABLES, EventTable
from models.store.session import UnitOfWork


def _add(unit: UnitOfWork, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Append rows that are not there yet, by their key, with their seals; how many."""
    sealed = EVENT_TABLES[name]
    given = {tuple(row[column] for column in sealed.key): row for row in rows}
    held = _held(unit, sealed, list(given))
    fresh = [{column: row.get(column) for column in sealed.schema} for key, row in given.items() if key not in held]
    insert_frame(unit.connection, sealed.table, pl.DataFrame(fresh, schema=pl.Schema(sealed.schema)))
    ledger.append(unit, "journal", [sealed.entry(row) for row in fresh])
    return len(fresh)


def _held(unit: UnitOfWork, sealed: EventTable, keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Those of the keys that the table has rows of."""
    columns = [sealed.table.c[column] for column in sealed.key]
    parts = [keys[start : start + ledger.CHUNK] for start in range(0, len(keys), ledger.CHUNK)]
    found = (unit.connection.execute(select(*columns).where(tuple_(*columns).in_(part))) for part in parts)
    return {tuple(row) for rows in found for row in rows}


def _named(row: dict[str, Any], column: str) -> dict[str, Any]:
    """The row with a name drawn from its content: the same event given twice is one event."""
    return {column: json_digest(row)[:32]} | row


def _told(**fields: str) -> None:
    for field, value in fields.items():
        if not value.strip():
            raise ApprovalRequired(f"{field} is empty.", remedy="a named officer decides, and says why")


def record_approval(
    unit: UnitOfWork,
    *,
    run_id: str,
    subject: str,
    subject_digest: str,
    outcome: str,
    officer: str,
    name: str,
    reason: str,
    at: datetime,
) -> str:
    """A named officer's decision on exactly this digest; returns its id.

    `outcome` is approved or refused. Raises ApprovalRequired when officer, name or reason is empty.
    """
    if outcome not in ("approved", "refused"):
        raise ValueError(f"Expected approved or refused, got {outcome}.")
    _told(officer=officer, name=name, reason=reason)
    row = _named(
        {
            "run_id": run_id,
            "subject": subject,
            "subject_digest": subject_digest,
            "outcome": outcome,
            "officer": officer,
            "name": name,
            "reason": reason,
            "at": instant(at),
        },
        "approval_id",
    )
    _add(unit, "approvals", [row])
    return str(row["approval_id"])


def approvals(reader: Reader, run_id: str | None = None) -> pl.DataFrame:
    """Approvals and refusals in the order of time."""
    frame = _all(reader, "approvals", "at", "approval_id")
    return frame if run_id is None else frame.filter(pl.col("run_id") == run_id)


def approval(reader: Reader, run_id: str, subject: str, subject_digest: str) -> dict[str, Any]:
    """The approval in force of exactly this digest.

    Raises ApprovalRequired when nobody decided, the last decision was a refusal, or another digest was meant.
    """
    decided = approvals(reader, run_id).filter(pl.col("subject") == subject)
    if decided.is_empty():
        raise ApprovalRequired(f"{subject} of run {run_id} awaits a named officer.", remedy="`evenhand approve`")
    last = decided.row(-1, named=True)
    if last["subject_digest"] != subject_digest:
        raise ApprovalRequired(f"{subject} of run {run_id} changed after it was decided on.", remedy="decide again")
    if last["outcome"] != "approved":
        raise ApprovalRequired(f"{subject} of run {run_id} was refused by {last['name']}: {last['reason']}.")
    return last


def record_view(
    unit: UnitOfWork, *, run_id: str, subject: str, subject_digest: str, officer: str, at: datetime
) -> None:
    """An officer opened the evidence."""
    row = {"run_id": run_id, "subject": subject, "subject_digest": subject_digest, "officer": officer}
    _add(unit, "evidence_views", [_named(row | {"at": instant(at)}, "view_id")])


def record_override(
    unit: UnitOfWork,
    *,
    run_id: str,
    subject: str,
    before: str,
    after: str,
    officer: str,
    name: str,
    reason: str,
    at: datetime,
) -> None:
    """An officer departed from what was proposed; ApprovalRequired without officer, name and reason."""
    _told(officer=officer, name=name, reason=reason)
    row = {"run_id": run_id, "subject": subject, "before": before, "after": after, "officer": officer}
    _add(unit, "overrides", [_named(row | {"name": name, "reason": reason, "at": instant(at)}, "override_id")])


def record_notices(unit: UnitOfWork, notices: pl.DataFrame, at: datetime) -> int:
    """Notices sent: run_id, enterprise_id, kind, sent_on, effect_on, officer; how many are new.

    A notice to the same enterprise about the same thing on the same day is the same notice.
    """
    rows = []
    for row in notices.iter_rows(named=True):
        same = [row["run_id"], row["enterprise_id"], row["kind"], row["sent_on"]]
        rows.append({"notice_id": json_digest(same)[:32], "at": instant(at)} | row)
    return _add(unit, "notices", rows)


def propose_records(
    unit: UnitOfWork, proposed: pl.DataFrame, *, run_id: str, form_sha256: str, officer: str, at: datetime
) -> int:
    """Records read from a returned roster: RECORDS + visit_id; how many are new. Never touches a rating."""
    known = {"run_id": run_id, "form_sha256": form_sha256, "officer": officer, "at": instant(at)}
    return _add(unit, "proposed_records", [row | known for row in proposed.iter_rows(named=True)])


def record_decision(unit: UnitOfWork, decision: Mapping[str, Any], *, recorded_by: str, at: datetime) -> int:
    """A new version of a decision of the redress register; returns the version that now holds.

    `decision`: columns of models.records.DECISIONS with annotated_on, withdrawn_on, agency where known.
    The same content again changes nothing. Raises StoreError for an unknown column.
    """
    sealed = EVENT_TABLES["decisions"]
    said = {name: decision.get(name) for name in sealed.schema if name not in ("version", "recorded_by", "recorded_at")}
    if unknown := sorted(set(decision) - set(said)):
        raise StoreError(f"decisions: no column {', '.join(unknown)}.", remedy="see models/records.py DECISIONS")
    same = sealed.table.c.decision_id == said["decision_id"]
    held = read_frame(unit.connection, sealed.table, sealed.schema, same, order=("version",))
    version = held.height
    if version and {name: held.row(-1, named=True)[name] for name in said} == said:
        return version
    _add(
        unit,
        "decisions",
        [said | {"version": version + 1, "recorded_by": recorded_by, "recorded_at": instant(at)}],
    )
    return version + 1


def decision_versions(reader: Reader) -> pl.DataFrame:
    """Every version of every decision, oldest first within a decision."""
    return _all(reader, "decisions", "decision_id", "version")


def decisions(reader: Reader, *, known_by: str | None = None) -> pl.DataFrame:
    """models.records.DECISIONS as they stand now, or stood at a moment (text of UTC)."""
    versions = decision_versions(reader)
    if known_by is not None:
        versions = versions.filter(pl.col("recorded_at") <= known_by)
    return versions.unique("decision_id", keep="last", maintain_order=True).select(list(records.DECISIONS))


def secret_is_known(reader: Reader, secret: bytes) -> bool | None:
    """Whether this secret keys the persons of the register; None before the first run."""
    known = ledger.latest(reader, "journal", "person_secret", "current")
    return None if known is None else bool(known["fingerprint"] == _fingerprint(secret))


def expect_secret(unit: UnitOfWork, secret: bytes, at: datetime, *, rotate: bool = False) -> None:
    """Remember by a fingerprint which secret keys the persons; StoreError when it is another one than before.

    With `rotate` the new one counts from now on, and the journal says since when.
    """
    known = secret_is_known(unit, secret)
    if known is False and not rotate:
        raise StoreError(
            "the secret for person keys is not the one this register was built with: links would come apart.",
            remedy="give the right EVENHAND_PERSON_SECRET(_FILE), or rotate it (docs/operations.md)",
        )
    if not known:
        log_event(unit, "person_secret", "current", at, fingerprint=_fingerprint(secret))


def _fingerprint(secret: bytes) -> str:
    return hmac.new(secret, b"evenhand: which person secret", "sha256").hexdigest()[:32]


def log_event(unit: UnitOfWork, kind: str, subject: str, at: datetime, **details: Any) -> None:
    """A line of the journal that has no table of its own: run started, refused, finished, key rotated."""
    ledger.append(unit, "journal", [Entry(kind, subject, details | {"at": instant(at)})])


def first_logged(reader: Reader, kind: str, subject: str) -> str | None:
    """When `log_event` first noted this kind of this subject (text of UTC); None when it never did."""
    body = ledger.first(reader, "journal", kind, subject)
    return None if body is None else str(body["at"])


def views(reader: Reader) -> pl.DataFrame:
    """Openings of the evidence in the order of time."""
    return _all(reader, "evidence_views", "at", "view_id")


def overrides(reader: Reader) -> pl.DataFrame:
    """Departures from what was proposed in the order of time."""
    return _all(reader, "overrides", "at", "override_id")


def notices(reader: Reader) -> pl.DataFrame:
    """Notices by day and enterprise."""
    return _all(reader, "notices", "sent_on", "enterprise_id", "notice_id")


def proposed_records(reader: Reader, *, known_by: str | None = None) -> pl.DataFrame:
    """Records proposed from returned rosters, by id; `known_by`: only those proposed by that moment."""
    frame = _all(reader, "proposed_records", "record_id")
    return frame if known_by is None else frame.filter(pl.col("at") <= known_by)


def _all(reader: Reader, name: str, *order: str) -> pl.DataFrame:
    sealed = EVENT_TABLES[name]
    return read_frame(reader.connection, sealed.table, sealed.schema, order=order)
