"""Nights of a made-up city by the real commands, each verified: `python -m tests.soak.season --nights 30`.

`make soak` plays a month in one process and does every night again; here every step is a process of its own, rosters
are filled in and returned, and mornings at the border follow the nights.

Every night: new and changed rows arrive, officers decide objections and repairs, one inspectorate returns a filled
roster, the job runs (from the middle on under a changed policy), the morning's consignments are chosen, and the
register, the plan and the draw are verified. Printed: time, peak memory of the job, what is on the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from config.settings import Settings
from exports.layout import ROSTER
from exports.register_nights import write_delta
from exports.registers import write_registers
from exports.words import RESULTS
from models.store import events, heads
from models.store.session import open_store

AS_OF = date(2026, 11, 1)
VERIFY_EVERY = 5


@dataclass
class Figures:
    """One night."""

    day: date
    seconds: float
    peak_megabytes: float
    megabytes: float  # of everything under var
    register_megabytes: float
    tiers: dict[str, int]
    moved: int  # enterprises whose tier is another than the night before
    refused: int
    fed_back: int  # decisions and returned results


@dataclass
class Season:
    """One folder; `run` plays the nights and returns their figures."""

    folder: Path
    enterprises: int
    seed: int = 1
    figures: list[Figures] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.var, self.data = self.folder / "var", self.folder / "registers"
        self.settings = Settings(var=self.var)
        self.scenario = self.folder / "scenario.yaml"
        self.before: pl.DataFrame | None = None
        self.repaired: dict[str, str] = {}  # record → enterprise

    def run(self, nights: int) -> list[Figures]:
        """Play `nights` nights; AssertionError names what went wrong."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_registers(self.data, self.enterprises, self.seed, AS_OF)
        changed_policy(self.scenario)
        for night in range(1, nights + 1):
            self.night(night, changed=night > nights // 2)
            report(self.figures[-1])
        return self.figures

    def night(self, night: int, *, changed: bool) -> None:
        """One night and its morning."""
        day, started = AS_OF + timedelta(days=night), time.monotonic()
        write_delta(self.data, day)
        fed_back = self.feed_back(night, day)
        scenario = ["--scenario", str(self.scenario)] if changed else []
        done, peak = self.job(day, scenario)
        self.evenhand("consign", day.isoformat(), "--data", str(self.data / "declarations"))
        self.verify(night, done)
        ratings = pl.read_csv(Path(done["out"]) / "ratings.csv")
        assert ratings.height == done["rows"]["enterprises"]
        self.figures.append(
            Figures(
                day=day,
                seconds=time.monotonic() - started,
                peak_megabytes=peak,
                megabytes=size(self.var),
                register_megabytes=sum(path.stat().st_size for path in self.var.glob("evenhand.sqlite*")) / 1e6,
                tiers=done["tiers"],
                moved=moved(self.before, ratings),
                refused=done["rows"]["rejected"],
                fed_back=fed_back,
            )
        )
        self.before = ratings

    def job(self, day: date, more: Sequence[str]) -> tuple[dict[str, Any], float]:
        """The night's run; its outcome and its peak memory."""
        given = ["run", "--data", str(self.data), "--as-of", day.isoformat(), "--seed", str(self.seed), "--json", *more]
        out = self.folder / "outcome.json"
        with out.open("w") as file, (self.folder / "errors.txt").open("w") as errors:
            process = subprocess.Popen(self.command(*given), stdout=file, stderr=errors, env=self.environment())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (self.folder / "errors.txt").read_text()
        return json.loads(out.read_text("utf-8")), usage.ru_maxrss / 1024

    def verify(self, night: int, done: dict[str, Any]) -> None:
        """Register, plan and draw; now and then a whole run again, and the doctor."""
        self.evenhand("verify", "ledger")
        assert "violations = 0" in self.evenhand("check")
        if done["plan"] is not None:
            self.evenhand("verify", "draw", str(Path(done["out"]) / "plan"))
        self.repairs_hold(done)
        if night % VERIFY_EVERY == 0:
            self.evenhand("verify", "run", done["run_id"])
            self.evenhand("doctor", "--deep")

    def repairs_hold(self, done: dict[str, Any]) -> None:
        """A repaired record is no reason of a rating any more."""
        reasons = self.ratings(done["run_id"]).explode("reasons").unnest("reasons")
        counted = reasons.filter(pl.col("record_id").is_in(list(self.repaired)))
        assert counted.is_empty(), counted

    def ratings(self, run_id: str) -> pl.DataFrame:
        """RATINGS of a run of this register."""
        noted = json.loads((self.var / "runs" / f"{run_id}.json").read_text("utf-8"))
        return pl.read_parquet(Path(noted["work"]) / "ratings" / "ratings.parquet").select("enterprise_id", "reasons")

    def feed_back(self, night: int, day: date) -> int:
        """Decisions on records that weighed the night before, and a returned roster; how many entries."""
        runs = sorted((self.var / "runs").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        if not runs:
            return 0
        rows = self.worth_deciding(runs[-1].stem, day)
        moment = datetime.now(UTC)
        with open_store(self.settings.database) as store, store.unit_of_work() as unit:
            for place, (enterprise, record) in enumerate(rows):
                kind = ("objection", "repair")[place % 2]
                decided = decision(f"S{night}-{place}", kind, enterprise, record, day)
                events.record_decision(unit, decided, recorded_by="u17", at=moment)
                if kind == "repair":
                    self.repaired[record] = enterprise
            heads.sign_heads(unit, heads.signing_key(self.var / "ledger.key"), moment)
            unit.commit()
        return len(rows) + self.return_roster(day)

    def worth_deciding(self, run_id: str, day: date) -> list[tuple[str, str]]:
        """Six records that weigh in that run's ratings and are old enough to be repaired: enterprise, record."""
        noted = json.loads((self.var / "runs" / f"{run_id}.json").read_text("utf-8"))
        records = pl.read_parquet(Path(noted["work"]) / "intake" / "records.parquet")
        age = pl.lit(day) - pl.col("act_date")
        old = records.filter(age > pl.duration(days=366)).select("record_id")
        weighed = self.ratings(run_id).explode("reasons").unnest("reasons").filter(pl.col("points") < 0)
        fresh = weighed.join(old, on="record_id").filter(~pl.col("record_id").is_in(list(self.repaired)))
        chosen = fresh.sort("record_id").gather_every(max(1, fresh.height // 6)).head(6)
        return list(chosen.select("enterprise_id", "record_id").iter_rows())

    def return_roster(self, day: date) -> int:
        """One inspectorate fills in what it has seen so far and hands it in."""
        from flows.collect import collect_roster

        last = json.loads((self.folder / "outcome.json").read_text("utf-8"))
        rosters = sorted((Path(last["out"]) / "rosters").glob("roster-*.xlsx"))
        if not rosters:
            return 0
        filled = self.folder / "returned.xlsx"
        fill_in(rosters[day.toordinal() % len(rosters)], filled, day)
        taken = collect_roster(
            self.settings, filled, self.folder / "answer.xlsx", officer="u17", run_id=last["run_id"], today=day
        )
        return taken.visits

    def evenhand(self, *arguments: str) -> str:
        """A command that must succeed; what it printed."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, env=self.environment(), check=False
        )
        assert done.returncode == 0, f"evenhand {' '.join(arguments)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli", *arguments]

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
        return kept | {"EVENHAND_VAR": str(self.var), "COLUMNS": "200"}


def changed_policy(path: Path) -> None:
    """A scenario under which arrears of tax weigh more."""
    path.write_text(
        "# Pack market. From the middle of the season on arrears of tax weigh more.\n"
        "catalogue:\n  tax_arrears:\n    points:\n      values:\n        2023-01-01:\n"
        "          value: {minor: -25, general: -90, serious: -180}\n",
        "utf-8",
    )


def decision(name: str, kind: str, enterprise: str, record: str, day: date) -> dict[str, Any]:
    """An objection just filed, or a repair granted today."""
    granted = kind == "repair"
    return {
        "decision_id": name,
        "kind": kind,
        "record_id": record,
        "enterprise_id": enterprise,
        "filed_on": day,
        "decided_on": day if granted else None,
        "outcome": "granted" if granted else None,
        "from_date": day if granted else None,
        "officer": "u17" if granted else None,
        "reason": "corrected and pledged" if granted else "says it never happened",
    }


def fill_in(roster: Path, target: Path, day: date) -> None:
    """The first five rows of a roster as an inspector fills them in."""
    book = openpyxl.load_workbook(roster)
    sheet = book[ROSTER.title("both")]
    for number in range(5, min(10, sheet.max_row + 1)):
        if sheet[f"{ROSTER.letters['visit_id']}{number}"].value:
            sheet[f"{ROSTER.letters['result']}{number}"] = RESULTS[0].label("both")
            sheet[f"{ROSTER.letters['visited_on']}{number}"] = day
    book.save(target)


def moved(before: pl.DataFrame | None, now: pl.DataFrame) -> int:
    """Enterprises with another tier than the night before."""
    if before is None:
        return 0
    both = now.join(before, on="enterprise_id", suffix="_before")
    return both.filter(pl.col("tier") != pl.col("tier_before")).height


def size(folder: Path) -> float:
    """Megabytes below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def report(night: Figures) -> None:
    """One line per night."""
    tiers = " ".join(f"{tier} {count}" for tier, count in night.tiers.items())
    print(
        f"{night.day}  {night.seconds:6.1f} s  peak {night.peak_megabytes:6.0f} MB  var {night.megabytes:8.1f} MB  "
        f"register {night.register_megabytes:7.1f} MB  moved {night.moved:5d}  fed back {night.fed_back:3d}  {tiers}",
        flush=True,
    )


def main() -> None:
    """The season from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--enterprises", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenhand-season-") as folder:
        figures = Season(Path(folder), given.enterprises).run(given.nights)
    first, last = figures[0], figures[-1]
    grown = (last.megabytes - first.megabytes) / max(1, len(figures) - 1)
    print(f"{len(figures)} nights, all verified; the disk grew by {grown:.1f} MB a night, peak memory "
          f"{first.peak_megabytes:.0f} → {last.peak_megabytes:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
