"""Step 4: tenders of the input → vetoes, credit points, ranking, and the evaluation workbook of each."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from exports.bid_files import write_evaluation
from exports.facts import Approval, facts_of
from flows.discreet import discreet
from flows.intake import tables, tender_files
from flows.rate import ratings
from flows.retries import IO
from flows.run import RunContext
from flows.steps import once, read_json, write_json
from models.records import TABLES, empty
from models.tender import Evaluation, evaluate, read_ocds


@task(name="tenders", cache_policy=NO_CACHE, **IO)
@discreet
def score_tenders(
    context: RunContext,
    run_id: str,
    intake_folder: Path,
    rating_folder: Path,
    folder: Path,
    approval: Approval | None = None,
) -> dict[str, int]:
    """Evaluate every tender and write its workbook; returns counts."""

    def make(draft: Path) -> None:
        given = {name: empty(schema) for name, schema in TABLES.items()} | tables(intake_folder)
        rated = ratings(rating_folder)
        facts = facts_of(context.policy, run_id)
        done: dict[str, Evaluation] = {}
        for path in tender_files(context):
            for case in read_ocds(path):
                done[case.id] = evaluate(
                    case,
                    rated,
                    context.policy,
                    listings=given["listings"],
                    enterprises=given["enterprises"],
                    decisions=given["decisions"],
                    links=given["links"],
                    records=given["records"],
                    seed=context.seed_bytes,
                )
        for result in done.values():
            write_evaluation(
                result,
                draft / "tenders",
                context.policy,
                rated,
                given,
                facts=facts,
                approval=approval,
                language=context.settings.language,
            )
        write_json(draft / "evaluations.json", {name: result.to_dict() for name, result in done.items()})
        bids = pl.concat([result.bids() for result in done.values()]) if done else None
        if bids is not None:
            bids.write_parquet(draft / "bids.parquet")
        counts = {"tenders": len(done), "bids": bids.height if bids is not None else 0}
        counts["vetoed"] = sum(len(result.vetoes) for result in done.values())
        write_json(draft / "tenders.json", counts)

    once(folder, make)
    return dict(read_json(folder / "tenders.json"))
