"""`make bench-tender`: 200 lots × 50 bidders against the clock, HiGHS and brute force; Polish contractors as bidders.

Prints tables; exits 1 where an optimum differs, a proof is missing, or wall and CPU time both pass 10 seconds.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from config.policy import load_policy
from models.records import ENTERPRISES, RATINGS
from models.tender import points_by_tier, population
from models.tender.draw import draw_number
from models.tender.equal_treatment import equal_treatment
from models.tender.lots import Offer, assign

LOTS, BIDDERS, LIMIT, JUDGES, SEED = 200, 50, 6, 5, 2026
SECONDS = 10.0
MIX = {"A": 31_107, "B": 12_044, "C": 3_682, "D": 721}  # Dandong, domain file
CONTRACTORS = Path(__file__).resolve().parents[3] / "shared/data/procurement/pl_contractors_3plus_wins.csv.gz"


def tier_of(firm: str) -> str:
    """A tier drawn by keyed hash at the mix of Dandong: the population of the benchmark is synthetic in this."""
    place = draw_number(b"bench", firm) % sum(MIX.values())
    for tier, share in MIX.items():
        if place < share:
            return tier
        place -= share
    raise AssertionError


def big_tender(lots: int = LOTS, bidders: int = BIDDERS, limit: int = LIMIT) -> dict[str, Any]:
    """An OCDS package with `lots` × `bidders` bids and scores of five judges on two criteria."""
    rng = np.random.default_rng(SEED)
    skill = rng.normal(30, 3, bidders)
    details = []
    for lot in range(1, lots + 1):
        cost = rng.integers(800_000, 1_200_000)
        for firm in range(bidders):
            price = int(cost * rng.normal(1.0, 0.06) * 100) / 100
            scores = [
                {"criterion": name, "judge": f"J{j}", "points": round(float(np.clip(rng.normal(mid, 1.5), 0, top)), 1)}
                for name, mid, top in (("technical", skill[firm], 40), ("business", 11, 15))
                for j in range(1, JUDGES + 1)
            ]
            details.append(
                {
                    "id": f"B{lot:03}-{firm:02}",
                    "date": "2026-05-31T09:00:00+08:00",
                    "status": "valid",
                    "relatedLots": [str(lot)],
                    "tenderers": [{"id": f"F{firm:02}", "name": f"Firm {firm:02}"}],
                    "value": {"amount": price, "currency": "CNY"},
                    "scores": scores,
                }
            )
    weights = {"price": 30, "technical": 40, "business": 15, "credit": 15}
    release = {
        "ocid": "ocds-bench-1",
        "id": "1",
        "date": "2026-06-01T00:00:00Z",
        "tag": ["tender"],
        "initiationType": "tender",
        "parties": [
            {"id": f"F{k:02}", "name": f"Firm {k:02}", "identifier": {"scheme": "PL-NIP", "id": f"F{k:02}"}}
            for k in range(bidders)
        ],
        "tender": {
            "id": "BENCH",
            "title": f"{lots} lots, {bidders} bidders",
            "value": {"currency": "CNY"},
            "tenderPeriod": {"endDate": "2026-06-01T09:00:00+08:00"},
            "lots": [{"id": str(k), "title": f"Lot {k}"} for k in range(1, lots + 1)],
            "lotDetails": {"maximumLotsAwardedPerSupplier": limit},
            "criteria": [{"id": k, "title": k, "kind": k, "weight": w} for k, w in weights.items()],
        },
        "bids": {"details": details},
    }
    return {"version": "1.1", "releases": [release]}


def ratings_of(firms: list[str]) -> pl.DataFrame:
    schema = {name: RATINGS[name] for name in ("enterprise_id", "tier", "score")}
    return pl.DataFrame([(firm, tier_of(firm), 900_000) for firm in firms], schema=schema, orient="row")


def against_the_clock(folder: Path) -> tuple[dict[str, Any], float, float]:
    """(evaluation, seconds, CPU seconds) of `evenhand tender evaluate`: process, imports, reading, evaluation."""
    file = folder / "tender.json"
    file.write_text(json.dumps(big_tender()), encoding="utf-8")
    firms = [f"pl:F{k:02}" for k in range(BIDDERS)] + [f"x:{k}" for k in range(20_000)]
    ratings_of(firms).write_parquet(folder / "ratings.parquet")
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "flows.cli", "tender", "evaluate", str(file), "--json"]
    done = subprocess.run(
        [*command, "--ratings", str(folder / "ratings.parquet")], check=True, capture_output=True, text=True
    )
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(done.stdout)[0], seconds, used


def offers_of(evaluation: dict[str, Any]) -> list[Offer]:
    """The ranked bids of a written evaluation, totals in thousandths."""
    return [
        Offer(row["bid"], row["lot"], (row["bid"].split("-")[1],), -round(row["total"] * 1000), row["rank"], 0)
        for row in evaluation["rows"]
    ]


HIGHS = """
import json, sys
import linopy, pandas as pd
rows = json.load(sys.stdin)
lots, firms = sorted({r[0] for r in rows["bids"]}), sorted({r[1] for r in rows["bids"]})
worth = pd.DataFrame(0.0, index=pd.Index(lots, name="lot"), columns=pd.Index(firms, name="firm"))
for lot, firm, points in rows["bids"]:
    worth.loc[lot, firm] = points
model = linopy.Model()
take = model.add_variables(binary=True, coords=[worth.index, worth.columns], name="take")
model.add_constraints(take.sum("firm") == 1)
model.add_constraints(take.sum("lot") <= rows["limit"])
model.add_objective((take * worth).sum(), sense="max")
model.solve(solver_name="highs", io_api="direct", log_to_console=False)
print(json.dumps({"objective": model.objective.value, "status": model.termination_condition}))
"""


def highs(offers: list[Offer], limit: int) -> tuple[int, float]:
    """Objective by HiGHS through linopy, in a process of its own (it cannot share one with OR-Tools)."""
    rows = {"bids": [(o.lot, o.firms[0], -o.cost) for o in offers], "limit": limit}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", HIGHS], input=json.dumps(rows), check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["status"] == "optimal", found
    return round(found["objective"]), time.perf_counter() - start


def brute_force(offers: list[Offer], limit: int) -> int:
    """Best Σ cost with every lot awarded, by trying every award."""
    lots = sorted({offer.lot for offer in offers})
    cost = {(offer.lot, offer.firms[0]): offer.cost for offer in offers}
    options = [[firm for lot, firm in cost if lot == wanted] for wanted in lots]
    return min(
        sum(cost[lot, firm] for lot, firm in zip(lots, choice, strict=True))
        for choice in product(*options)
        if all(choice.count(firm) <= limit for firm in choice)
    )


def small_against_brute_force() -> list[tuple[int, int, int]]:
    """(ours, brute force, lots × bidders tried) on small random tenders."""
    found = []
    for seed, (lots, firms, limit) in enumerate([(3, 4, 1), (4, 4, 2), (5, 5, 1), (6, 4, 2), (5, 6, 2)]):
        rng = np.random.default_rng(seed)
        offers = [
            Offer(f"{lot}-{firm}", str(lot), (str(firm),), -int(rng.integers(50_000, 95_000)), 1, 0)
            for lot in range(lots)
            for firm in range(firms)
        ]
        found.append((assign(offers, limit).objective, brute_force(offers, limit), firms**lots))
    return found


def contractors(path: Path = CONTRACTORS) -> pl.DataFrame:
    """ENTERPRISES of the Polish contractors; region = province, ownership unknown."""
    raw = pl.read_csv(path, schema_overrides={"nip": pl.String})
    frame = raw.select(
        (pl.lit("pl:") + pl.col("nip")).alias("enterprise_id"),
        "name",
        pl.col("province").alias("region"),
        *(pl.lit(None, dtype=kind).alias(name) for name, kind in ENTERPRISES.items() if name not in KNOWN),
    )
    return frame.unique("enterprise_id", keep="first", maintain_order=True).select(ENTERPRISES.names())


KNOWN = ("enterprise_id", "name", "region")


def polish_population(path: Path = CONTRACTORS) -> tuple[Any, pl.DataFrame]:
    """(points by tier, equal treatment by province) over the contractors, tiers drawn at the mix of Dandong."""
    firms = contractors(path)
    rated = ratings_of(firms["enterprise_id"].to_list())
    policy = load_policy("market").at(date(2026, 6, 1))
    table = points_by_tier(policy, population(rated, policy, firms))
    return table, equal_treatment(rated, firms, table)


def contractors_as_rated(data: Path) -> str:
    """The same firms as their register rates them (it holds no penalties), through the command line."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tender.json"
        file.write_text(json.dumps(big_tender(1, 3, 1)), encoding="utf-8")
        command = [sys.executable, "-m", "flows.cli", "tender", "points", str(file), "--source", "pl_contractors"]
        environment = os.environ | {"EVENHAND_VAR": folder}
        done = subprocess.run(
            [*command, "--data", str(data)], check=True, capture_output=True, text=True, env=environment
        )
    return done.stdout


def main() -> int:
    """Print everything; 1 where something does not hold."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        evaluation, seconds, used = against_the_clock(Path(folder))
    print(f"evenhand tender evaluate, {LOTS} lots x {BIDDERS} bidders: ", end="")
    print(f"{seconds:.2f} s, of them {used:.2f} s of CPU (limit {SECONDS:g}; CPU counts on a loaded machine)")
    print(f"  {evaluation['optimality']['statement']}")
    offers = offers_of(evaluation)
    start = time.perf_counter()
    ours = assign(offers, LIMIT)
    own_seconds = time.perf_counter() - start
    theirs, their_seconds = highs(offers, LIMIT)
    print(f"  points awarded: ours {-ours.objective / 1000:.3f} in {own_seconds:.3f} s (proof included), ", end="")
    print(f"HiGHS through linopy {theirs / 1000:.3f} in {their_seconds:.2f} s")
    failed += ["slower than the limit"] if min(seconds, used) > SECONDS else []
    failed += ["HiGHS differs"] if theirs != -ours.objective else []
    failed += ["not proven"] if ours.bound != ours.objective or "proven optimal" not in ours.statement else []
    failed += ["the command differs"] if evaluation["optimality"]["objective"] != ours.objective else []
    for own, brute, tried in small_against_brute_force():
        print(f"  small: ours {own}, brute force {brute} ({tried} awards tried)")
        failed += ["brute force differs"] if own != brute else []
    if CONTRACTORS.is_file():
        table, treatment = polish_population()
        mean = float(table.mean) / 1000
        print(f"Polish contractors, {table.population.total} firms (tiers drawn at Dandong's mix):")
        for tier, count in table.population.count.items():
            print(f"  {tier}: {count:6} firms, {table.of_tier(tier) / 1000:4.1f} points")
        print(f"  neutral {table.neutral_total / 1000:g}; mean {mean:.3f}; every stage proven: {len(table.stages)}")
        with pl.Config(tbl_rows=-1, tbl_cols=-1, float_precision=3, tbl_hide_dataframe_shape=True, ascii_tables=True):
            print(treatment)
        failed += ["not neutral"] if abs(mean - 10) > 0.5 else []
        failed += ["unequal within a tier"] if treatment["within_tier"].max() != 0 else []
        print(contractors_as_rated(CONTRACTORS.parent))
    else:
        print("Polish contractors: ../shared/data/procurement is not here, skipped")
    print("FAILED: " + "; ".join(failed) if failed else "ok")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
