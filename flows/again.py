"""A past run, done again from its inputs in a folder of its own, and compared with what the register holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from config.settings import Settings
from flows.intake import input_hashes, take_in
from flows.rate import rate_all, ratings
from flows.run import FinishedRun, restored
from flows.schedule import plan_inspections, planned
from models.store import reads
from models.store.digest import frame_digest
from models.store.session import open_store


def differences_of_run(settings: Settings, run_id: str) -> list[str]:
    """One line per difference; empty when the run is reproduced to the last row."""
    finished = restored(settings, run_id)
    return list(_differences(settings, finished))


def _differences(settings: Settings, finished: FinishedRun) -> Iterator[str]:
    context = finished.context
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        row = reads.run(snapshot, finished.run_id)
        then = {file["name"]: file["sha256"] for file in reads.inputs(snapshot, finished.run_id).iter_rows(named=True)}
        rated, visits = reads.ratings(snapshot, finished.run_id), reads.planned_visits(snapshot, finished.run_id)
    if row["policy_digest"] != context.policy.digest:
        then_now = f"{row['policy_digest'][:12]} then, {context.policy.digest[:12]} now"
        yield f"policy {context.pack} has changed since: {then_now}"
    now = {name: sha for name, sha in input_hashes(context).items() if not name.startswith("register:")}
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield f"input {name}: {(then.get(name) or 'absent')[:12]} then, {(now.get(name) or 'absent')[:12]} now"
    with tempfile.TemporaryDirectory(prefix="evenhand-again-") as folder:
        work = Path(folder)
        take_in.fn(context, work / "intake")
        rate_all.fn(context, work / "intake", work / "ratings")
        if frame_digest(ratings(work / "ratings"), ("enterprise_id",)) != frame_digest(rated, ("enterprise_id",)):
            yield _changed("ratings", rated.height)
        if visits.height:
            plan_inspections.fn(context, work / "intake", work / "ratings", work / "plan")
            plan = planned(work / "plan").visits
            if frame_digest(plan, ("visit_id",)) != frame_digest(visits, ("visit_id",)):
                yield _changed("planned visits", visits.height)


def _changed(what: str, rows: int) -> str:
    return f"{what}: the {rows:,} rows of the register are not what the run gives now"
