"""A month of nights: new files, objections, repairs, returned results, a change of policy; then every night done again.

    python -m tests.bench.soak --nights 30 --enterprises 20000

Prints a line a night (seconds, memory, register, what was fed back) and exits with 1 when a night is not reproduced
or the ledger has a problem.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from config.policy import SCENARIOS
from config.settings import Settings
from exports.register_nights import write_delta
from exports.registers import write_registers
from flows.again import differences_of_run, steps
from flows.intake import input_hashes
from flows.run import RunContext, next_quarter, saved_runs
from flows.steps import write_json
from models.records import RECORDS
from models.store import events, heads, reads
from models.store.session import open_store
from models.store.verify import verify_ledger

FIRST = date(2026, 11, 1)
OPEN_FOR = 3  # nights an objection waits


def main(nights: int, enterprises: int, folder: Path) -> int:
    settings, data = Settings(var=folder / "var"), folder / "data"
    settings.root.mkdir(parents=True)
    write_registers(data, enterprises, 1, FIRST)
    runs = []
    print(f"{'night':>10} {'run':>16} {'seconds':>8} {'RSS MB':>7} {'register MB':>11} {'fed back':>8}")
    for number in range(nights):
        day = FIRST + timedelta(days=number)
        if number:
            write_delta(data, day)
        fed = _feed_back(settings, runs[-1], number, day) if runs else 0
        begun = time.monotonic()
        run_id = _night(settings, data, day, changed=number >= nights // 2)
        runs.append(run_id)
        size = (settings.root / "evenhand.sqlite").stat().st_size / 1e6
        print(f"{day} {run_id} {time.monotonic() - begun:8.1f} {_resident():7.0f} {size:11.1f} {fed:8}", flush=True)
        shutil.rmtree(settings.root / "work")
    return _verify(settings, runs)


def _night(settings: Settings, data: Path, day: date, *, changed: bool) -> str:
    context = RunContext(
        settings=settings,
        source="generated",
        data=data,
        pack="market",
        as_of=day,
        seed=1,
        period=next_quarter(day),
        out=settings.root / "out",
        scenario=SCENARIOS / "objection-suspends.yaml" if changed else None,
    )
    run_id = context.run_id(input_hashes(context))
    steps(context, run_id, context.work(run_id))
    saved_runs(settings).mkdir(exist_ok=True)
    write_json(saved_runs(settings) / f"{run_id}.json", context.arguments(run_id))
    return run_id


def _feed_back(settings: Settings, last: str, number: int, day: date) -> int:
    """Two objections a night, decided three nights later; a repair; the results of two visits."""
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        rated = reads.ratings(unit, last).filter(pl.col("reasons").list.len() > 0)
        decisions = [*_decisions(rated[number % rated.height :], number, day), *_decided(unit, day)]
        for decision in decisions:
            events.record_decision(unit, decision, recorded_by="u1", at=moment)
        results = _results(reads.planned_visits(unit, last)[2 * number : 2 * number + 2], day)
        events.propose_records(unit, results, run_id=last, form_sha256="0" * 64, officer="u2", at=moment)
        heads.sign_heads(unit, heads.signing_key(settings.root / "ledger.key"), moment)
        unit.commit()
    return len(decisions) + results.height


def _decisions(rated: pl.DataFrame, number: int, day: date) -> Iterator[dict[str, Any]]:
    kinds = ("objection", "objection", "repair")
    for part, row in enumerate(rated[: len(kinds)].iter_rows(named=True)):
        plain = {"decision_id": f"n{number}-{part}", "kind": kinds[part], "record_id": row["reasons"][0]["record_id"]}
        granted = {"decided_on": day, "outcome": "granted", "from_date": day} if kinds[part] == "repair" else {}
        yield (
            plain | {"enterprise_id": row["enterprise_id"], "filed_on": day, "officer": "u1", "agency": "tax"} | granted
        )


def _decided(unit: Any, day: date) -> Iterator[dict[str, Any]]:
    due = (pl.col("kind") == "objection") & pl.col("decided_on").is_null()
    waited = pl.col("filed_on") <= day - timedelta(days=OPEN_FOR)
    for place, row in enumerate(events.decisions(unit).filter(due & waited).iter_rows(named=True)):
        yield row | {"decided_on": day, "outcome": ("upheld", "rejected")[place % 2], "agency": "tax"}


def _results(visits: pl.DataFrame, day: date) -> pl.DataFrame:
    rows = [
        {
            "record_id": f"visit:{row['visit_id']}",
            "enterprise_id": row["enterprise_id"],
            "item": "substandard_product",
            "act_date": day,
            "known_on": day,
            "severity": "general",
            "agency": "market",
            "visit_id": row["visit_id"],
        }
        for row in visits.iter_rows(named=True)
    ]
    schema = pl.Schema(dict(RECORDS) | {"visit_id": pl.String()})
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _verify(settings: Settings, runs: list[str]) -> int:
    key = heads.public_key(heads.signing_key(settings.root / "ledger.key"))
    with open_store(settings.database) as store:
        problems = [str(problem) for problem in verify_ledger(store, public_key=key)]
    print(f"ledger: {len(problems)} problems")
    for run_id in runs:
        begun = time.monotonic()
        found = differences_of_run(settings, run_id)
        problems += found
        print(f"{run_id} done again in {time.monotonic() - begun:.1f} s: {len(found)} differences", flush=True)
    print("\n".join(problems[:20]))
    print(f"{len(runs)} nights, {len(problems)} problems, RSS {_resident():.0f} MB")
    return 1 if problems else 0


def _resident() -> float:
    """Memory of this process now, MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--enterprises", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenhand-soak-") as name:
        sys.exit(main(given.nights, given.enterprises, Path(name)))
