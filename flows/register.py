"""Step 6: what was read and what came of it → the register and its ledger, in one transaction."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.discreet import discreet
from flows.intake import rejected, tables
from flows.rate import ratings
from flows.retries import IO
from flows.run import RunContext, code_digest
from flows.schedule import planned
from flows.steps import read_json
from models.inspection import Plan
from models.inspection.terms import DrawPublication
from models.records import DECISIONS, empty
from models.store import events, heads, ledger, reads, recalls, writes
from models.store.digest import frame_digest
from models.store.session import UnitOfWork, open_store
from models.store.touched import runs_touched


@dataclass(frozen=True)
class SeenFile:
    """A file of the run, as intake noted it."""

    name: str
    sha256: str
    rows: int
    accepted: int
    rejected: int


def file_digests(folder: Path) -> dict[str, str]:
    """sha256 by name of every file below `folder`; workbooks are the same bytes for the same cells."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@task(name="register", cache_policy=NO_CACHE, **IO)
@discreet
def register(context: RunContext, run_id: str, work: Path, published: Path) -> str:
    """One unit of work, always in the same order; returns the ledger's head for this run's results."""
    seen = [SeenFile(**row) for row in read_json(work / "intake" / "intake.json")["files"]]
    with open_store(context.settings.database) as store, store.unit_of_work() as unit:
        writes.save_run(unit, _row(context, run_id))
        writes.save_inputs(unit, run_id, context.source_id, seen)
        writes.save_rejected(unit, run_id, rejected(work / "intake"))
        writes.save_ratings(unit, run_id, ratings(work / "ratings"))
        if (work / "plan").is_dir():
            _save_plan(unit, context, run_id, planned(work / "plan"))
        if (work / "tenders").is_dir():
            evaluations, bids = read_json(work / "tenders" / "evaluations.json"), work / "tenders" / "bids.parquet"
            writes.save_tenders(unit, run_id, evaluations, pl.read_parquet(bids))
        writes.save_exports(unit, run_id, file_digests(published))
        head = ledger.run_head(unit, run_id)
        moment = datetime.now(UTC)
        _take_effect(unit, context, run_id, tables(work / "intake"), moment)
        events.log_event(unit, "run_finished", run_id, moment, head=head)
        heads.sign_heads(unit, heads.signing_key(context.settings.root / "ledger.key"), moment)
        unit.commit()
    return head


def _take_effect(
    unit: UnitOfWork, context: RunContext, run_id: str, taken: dict[str, pl.DataFrame], moment: datetime
) -> None:
    """Note which objections and revocations this run is the first to go by, and recall what the revoked had reached."""
    decisions, records = taken.get("decisions", empty(DECISIONS)), taken["records"]
    marking = decisions.filter(pl.col("kind").is_in(["objection", "revocation"]))
    fresh = recalls.note_taken_in(unit, run_id, context.as_of, marking["decision_id"].to_list(), moment)
    others = reads.runs(unit).filter(pl.col("run_id") != run_id)
    if others.is_empty():
        return
    revoked = marking.filter(
        (pl.col("kind") == "revocation")
        & (pl.col("decided_on") >= others["as_of"].min())
        & pl.col("decision_id").is_in(fresh)
        & pl.col("outcome").is_in(["granted", "upheld"])
        & (pl.col("decided_on") <= context.as_of)
    )
    known = records.select("record_id", known_on=pl.coalesce("known_on", "act_date")).unique("record_id", keep="any")
    for row in revoked.join(known, on="record_id").sort("decision_id").iter_rows(named=True):
        reached = runs_touched(unit, row["enterprise_id"], row["record_id"], row["known_on"])
        reached = reached.filter(pl.col("run_id") != run_id)
        recalls.recall(unit, reached["run_id"].to_list(), row["decision_id"], row["record_id"], moment)


def _save_plan(unit: UnitOfWork, context: RunContext, run_id: str, plan: Plan) -> None:
    figures = {"quota": plan.quota.to_dicts(), "notes": plan.notes}
    writes.save_plan(
        unit,
        run_id,
        period=context.period,
        visits=plan.visits,
        left_out=plan.left_out,
        objective=plan.objective,
        bound=plan.bound,
        figures=figures,
    )
    writes.save_draws(unit, run_id, {"inspection": publication(plan.draw)})


def publication(draw: DrawPublication) -> dict[str, str]:
    """What the register keeps of a published draw: enough to tell whether the files shown later are those."""
    return {
        "commitment": draw.commitment,
        "seed": draw.seed,
        "mode": draw.mode,
        "pool_hash": draw.pool_hash,
        "strata": frame_digest(draw.strata, ("stratum",)),
        "pool": frame_digest(draw.pool, ("enterprise_id", "stratum")),
    }


def _row(context: RunContext, run_id: str) -> writes.RunRow:
    return writes.RunRow(
        run_id=run_id,
        command="run",
        source=context.source_id,
        pack=context.pack,
        policy_digest=context.policy.digest,
        as_of=context.as_of,
        seed=str(context.seed),
        period_from=context.period[0],
        period_to=context.period[1],
        program=code_digest(),
        arguments=json.dumps({"scenario": context.scenario.name if context.scenario else None}, sort_keys=True),
    )
