"""A named officer approves a run: recorded first, then the exports are written again without "screening aid"."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from config.settings import Settings
from exports.facts import Approval
from flows.earlier import previous
from flows.publish import publish
from flows.rate import ratings
from flows.register import file_digests
from flows.run import FinishedRun, restored
from flows.schedule import planned
from flows.steps import deliver
from flows.tender import score_tenders
from models.redress.notices import announce, worsened
from models.store import events
from models.store.canonical import json_digest
from models.store.digest import frame_digest
from models.store.locks import run_lock
from models.store.session import open_store


def subject_digest(run: FinishedRun) -> str:
    """Digest of exactly what is approved: the ratings, and the plan where there is one."""
    parts = {"ratings": frame_digest(ratings(run.work / "ratings"), ("enterprise_id",))}
    if (run.work / "plan").is_dir():
        parts["visits"] = frame_digest(planned(run.work / "plan").visits, ("visit_id",))
    return json_digest(parts)


def approve(settings: Settings, run_id: str | None, *, officer: str, name: str, reason: str) -> dict[str, Any]:
    """Record the approval and deliver the approved exports; ApprovalRequired without officer, name or reason."""
    run = restored(settings, run_id)
    now = datetime.now(UTC)
    decided = {"run_id": run.run_id, "subject": "run", "subject_digest": subject_digest(run), "outcome": "approved"}
    with open_store(settings.database) as store, run_lock(store):
        with store.unit_of_work() as unit:
            approval_id = events.record_approval(unit, **decided, officer=officer, name=name, reason=reason, at=now)
            unit.commit()
        folder = run.work / f"approved-{approval_id}"
        approval = Approval(name, reason, now.date())
        if (run.work / "tenders").is_dir():
            tenders = run.work / f"tenders-{approval_id}"
            score_tenders.fn(run.context, run.run_id, run.work / "intake", run.work / "ratings", tenders, approval)
        files = publish.fn(run.context, run.run_id, run.work, folder, approval, tenders=f"tenders-{approval_id}")
        with store.unit_of_work() as unit:
            events.log_event(unit, "approved_exports", approval_id, now, files=file_digests(folder))
            told = events.record_notices(unit, notices_of(run, officer, now.date()), now)
            unit.commit()
        deliver(folder, run.context.out)
    done: dict[str, Any] = {"run_id": run.run_id, "approval_id": approval_id, "out": str(run.context.out)}
    return done | {"notices": told, "files": files}


def notices_of(run: FinishedRun, officer: str, on: date) -> pl.DataFrame:
    """Notices (models.redress.notices.NOTICES) to every firm whose tier worsened: no effect before they were told."""
    rated, policy = ratings(run.work / "ratings"), run.context.policy
    before = previous(run.context)
    firms = worsened(rated.clear() if before is None else before, rated, policy)["enterprise_id"].to_list()
    return announce(firms, run_id=run.run_id, kind="tier", sent_on=on, redress=policy.redress, officer=officer)
