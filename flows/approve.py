"""A named officer decides on a run: recorded first, then the exports are written again without "screening aid"."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from config.errors import ApprovalRequired
from config.settings import Settings
from exports.facts import Approval
from flows import server
from flows.earlier import previous
from flows.officers import may_decide
from flows.publish import publish
from flows.register import file_digests
from flows.results import ratings, subject_digest
from flows.run import FinishedRun, restored
from flows.signed import signed
from flows.steps import deliver
from flows.tender import score_tenders
from models.redress.notices import announce, worsened
from models.store import events, ledger
from models.store.locks import run_lock
from models.store.recalls import not_recalled
from models.store.session import Store, UnitOfWork, open_store


def standing(store: Store, run: FinishedRun) -> dict[str, Any] | None:
    """The approval in force of exactly this run's ratings and plan; None without one, or when it was recalled."""
    with store.snapshot() as snapshot:
        try:
            not_recalled(snapshot, run.run_id)
            return events.approval(snapshot, run.run_id, "run", subject_digest(run))
        except ApprovalRequired:
            return None


def approve(settings: Settings, run_id: str | None, *, officer: str, name: str, reason: str) -> dict[str, Any]:
    """Record the approval, deliver the approved exports, let go on what waits for it on Prefect's server.

    The same words again after a crash go on with the same approval. ApprovalRequired: see flows.officers, and for a
    run that was recalled.
    """
    words = {"officer": officer, "name": name, "reason": reason}
    may_decide(settings, **words)
    run = restored(settings, run_id)
    with open_store(settings.database) as store, run_lock(store):
        decided = standing(store, run)
        if decided is None or {key: decided[key] for key in words} != words:
            decided = _record(settings, store, run, "approved", **words)
        done = hand_over(settings, store, run, decided)
    server.tell("run.approved", f"run.{run.run_id}", run_id=run.run_id, **words)
    return done | {"resumed": server.release(run.run_id, words | {"outcome": "approved"})}


def refuse(settings: Settings, run_id: str | None, *, officer: str, name: str, reason: str) -> dict[str, Any]:
    """Record that an officer does not approve a run: its exports stay a screening aid."""
    words = {"officer": officer, "name": name, "reason": reason}
    may_decide(settings, **words)
    run = restored(settings, run_id)
    with open_store(settings.database) as store, run_lock(store):
        decided = _last(store, run)
        if decided is None or decided["outcome"] != "refused" or {key: decided[key] for key in words} != words:
            decided = _record(settings, store, run, "refused", **words)
        deliver(run.work / "published", run.context.out)
    server.tell("run.not-approved", f"run.{run.run_id}", run_id=run.run_id, **words)
    resumed = server.release(run.run_id, words | {"outcome": "refused"})
    return {"run_id": run.run_id, "refusal_id": decided["approval_id"], "resumed": resumed}


def _last(store: Store, run: FinishedRun) -> dict[str, Any] | None:
    """What was last decided on exactly this run's ratings and plan."""
    with store.snapshot() as snapshot:
        decided = events.approvals(snapshot, run.run_id).filter(pl.col("subject_digest") == subject_digest(run))
    return decided.row(-1, named=True) if decided.height else None


def _record(
    settings: Settings, store: Store, run: FinishedRun, outcome: str, *, officer: str, name: str, reason: str
) -> dict[str, Any]:
    """The decision, as it now stands in the register."""
    words = {"officer": officer, "name": name, "reason": reason}
    subject = {"run_id": run.run_id, "subject": "run", "subject_digest": subject_digest(run)}
    now = datetime.now(UTC)
    with signed(settings, store) as unit:
        not_recalled(unit, run.run_id)
        approval_id = events.record_approval(unit, **subject, outcome=outcome, **words, at=now)
    return {"approval_id": approval_id, "at": now.isoformat(), **words}


def hand_over(settings: Settings, store: Store, run: FinishedRun, decided: dict[str, Any]) -> dict[str, Any]:
    """Write and deliver what an approval in force allows, and tell the firms once; the same again changes nothing."""
    now, approval_id = datetime.now(UTC), decided["approval_id"]
    folder = run.work / f"approved-{approval_id}"
    approval = Approval(decided["name"], decided["reason"], date.fromisoformat(decided["at"][:10]))
    if (run.work / "tenders").is_dir():
        tenders = run.work / f"tenders-{approval_id}"
        score_tenders.fn(run.context, run.run_id, run.work / "intake", run.work / "ratings", tenders, approval)
    files = publish.fn(run.context, run.run_id, run.work, folder, approval, tenders=f"tenders-{approval_id}")
    with signed(settings, store) as unit:
        written, noted = file_digests(folder), ledger.latest(unit, "journal", "approved_exports", approval_id)
        if noted is None or noted["files"] != written:
            events.log_event(unit, "approved_exports", approval_id, now, files=written)
        told = events.record_notices(unit, _untold(unit, notices_of(run, decided["officer"], now.date())), now)
    deliver(folder, run.context.out)
    done: dict[str, Any] = {"run_id": run.run_id, "approval_id": approval_id, "out": str(run.context.out)}
    return done | {"notices": told, "files": files}


def _untold(unit: UnitOfWork, notices: pl.DataFrame) -> pl.DataFrame:
    """Notices to firms that were not told of this run yet: nobody's waiting days begin twice."""
    same = ["run_id", "enterprise_id", "kind"]
    return notices.join(events.notices(unit).select(same), on=same, how="anti", maintain_order="left")


def notices_of(run: FinishedRun, officer: str, on: date) -> pl.DataFrame:
    """Notices (models.redress.notices.NOTICES) to every firm whose tier worsened: no effect before they were told."""
    rated, policy = ratings(run.work / "ratings"), run.context.policy
    before = previous(run.context)
    firms = worsened(rated.clear() if before is None else before, rated, policy)["enterprise_id"].to_list()
    return announce(firms, run_id=run.run_id, kind="tier", sent_on=on, redress=policy.redress, officer=officer)
