"""Nights of a made-up city by the real commands: `python -m tests.soak.month --nights 30 --enterprises 20000`.

Every night new and changed rows arrive, people feed back what they decided and saw (tests/soak/people.py), the job
runs, in the middle the policy is amended, and the morning's consignments are chosen; once a week an officer approves,
inspectors go by that plan until the next, and what older nights left is tidied away. At the end the register, every
draw and every night are verified: done again and compared to the last cell. Killed and called again, it goes on where
it stopped. Exit code 1 when something differs or grows faster than the nights.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from config.policy import PACKS
from config.settings import Settings
from exports.register_nights import write_delta
from exports.registers import write_registers
from flows.prefect_home import prepare
from flows.run import code_digest
from tests.soak.figures import Figures, faster_than_nights, growth, keep, kept, line, sizes, table

FIRST = date(2026, 11, 1)
SEED = 1


@dataclass
class Month:
    """One folder; `play` and `verify` may be called again after a crash."""

    folder: Path
    enterprises: int
    nights: int

    def __post_init__(self) -> None:
        self.folder = self.folder.resolve()
        self.var, self.data = self.folder / "var", self.folder / "registers"
        self.pack, self.done = self.folder / "packs" / "market", self.folder / "nights.jsonl"
        self.settings = Settings(var=self.var)
        prepare(self.settings.root)

    def play(self) -> list[Figures]:
        """Every night that is not played yet; AssertionError names what went wrong."""
        self._prepare()
        for number in range(len(kept(self.done)), self.nights):
            keep(self.done, self.night(FIRST + timedelta(days=number)))
            print(line(kept(self.done)[-1]), flush=True)
        return kept(self.done)

    def _prepare(self) -> None:
        """Registers and pack, each moved into place whole."""
        for target, make in ((self.data, self._registers), (self.pack.parent, self._packs)):
            draft = self.folder / f"{target.name}.part"
            shutil.rmtree(draft, ignore_errors=True)
            if not target.exists():
                make(draft)
                draft.rename(target)

    def _registers(self, draft: Path) -> None:
        write_registers(draft, self.enterprises, SEED, FIRST)

    def _packs(self, draft: Path) -> None:
        shutil.copytree(PACKS / "market", draft / "market")

    def night(self, day: date) -> Figures:
        """One night and its morning."""
        from tests.soak.people import amend, feed_back, repaired, return_roster

        before = kept(self.done)
        fed_back = 0
        if before:
            write_delta(self.data, day)
            approved = [night for night in before if _decided(date.fromisoformat(night.day))][-1]
            fed_back = feed_back(self.settings, before[-1].run_id, day)
            fed_back += return_roster(self.settings, approved.run_id, Path(approved.out), day, self.folder)
        if day == FIRST + timedelta(days=self.nights // 2):
            amend(self.pack, day)
        seconds, peak, outcome = self._job(day)
        if before:  # goods are declared from the second day on
            self.evenhand("consign", day.isoformat(), "--data", str(self.data / "declarations"))
        if _decided(day):
            self.evenhand("approve", "--officer", "u3", "--name", "Wang Min", "--reason", "looked through")
            self.evenhand("register", "tidy", "--nights", "7")
        ratings = pl.read_csv(Path(outcome["out"]) / "ratings.csv")
        assert ratings.height == outcome["rows"]["enterprises"]
        self._repairs_hold(outcome["run_id"], repaired(self.settings, day))
        return Figures(
            day=day.isoformat(),
            run_id=outcome["run_id"],
            out=outcome["out"],
            seconds=seconds,
            peak=peak,
            sizes=sizes(self.var, self.data),
            tiers=outcome["tiers"],
            moved=_moved(Path(before[-1].out) / "ratings.csv", ratings) if before else 0,
            refused=outcome["rows"]["rejected"],
            fed_back=fed_back,
        )

    def _job(self, day: date) -> tuple[float, float, dict[str, Any]]:
        """The night's run: seconds, peak memory (MB), outcome."""
        given = ["run", "--data", str(self.data), "--policy", str(self.pack), "--as-of", day.isoformat(), "--json"]
        begun = time.monotonic()
        with open(self.folder / "outcome.json", "wb") as file, open(self.folder / "errors.txt", "wb") as errors:
            process = subprocess.Popen(self._command(*given), stdout=file, stderr=errors, env=self._environment())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, (self.folder / "errors.txt").read_text("utf-8")
        outcome = json.loads((self.folder / "outcome.json").read_text("utf-8"))
        return time.monotonic() - begun, usage.ru_maxrss / 1024, outcome

    def _repairs_hold(self, run_id: str, records: list[str]) -> None:
        from flows.rate import ratings
        from flows.run import restored

        rated = ratings(restored(self.settings, run_id).work / "ratings").select("reasons")
        named = rated.explode("reasons").unnest("reasons").filter(pl.col("record_id").is_in(records))
        assert named.is_empty(), named

    def verify(self) -> list[str]:
        """What is not as it was, in lines; every night done again. Verified nights are not done twice."""
        ticked, problems = self.folder / "verified.txt", []
        seen = set(ticked.read_text("ascii").split()) if ticked.exists() else set()
        for night in kept(self.done):
            if night.run_id in seen:
                continue
            begun = time.monotonic()
            said = self._differs("verify", "run", night.run_id)
            said += self._differs("verify", "draw", str(Path(night.out) / "plan"), "--run", night.run_id)
            said += self._differs("verify", "files", night.run_id)
            print(f"{night.day} {night.run_id} done again in {time.monotonic() - begun:.1f} s: {len(said)} differences",
                  flush=True)  # fmt: skip
            problems += said
            if not said:
                with open(ticked, "a", encoding="ascii") as file:
                    file.write(f"{night.run_id}\n")
        return problems + self._differs("verify", "ledger") + self._differs("doctor", "--deep")

    def evenhand(self, *arguments: str) -> str:
        """A command that must succeed; what it printed."""
        said = self._differs(*arguments)
        assert not said, "\n".join(said)
        return self.printed

    def _differs(self, *arguments: str) -> list[str]:
        """What a command printed, in lines, when it did not end well."""
        done = subprocess.run(
            self._command(*arguments), capture_output=True, text=True, env=self._environment(), check=False
        )
        self.printed = done.stdout
        return (
            []
            if done.returncode == 0
            else [f"evenhand {' '.join(arguments)}", *(done.stdout + done.stderr).splitlines()]
        )

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flows.cli", *arguments]

    def _environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
        return plain | {"EVENHAND_VAR": str(self.var), "COLUMNS": "200"}


def _decided(day: date) -> bool:
    """Whether an officer decides on the night's run: once a week."""
    return (day - FIRST).days % 7 == 0


def _moved(before: Path, now: pl.DataFrame) -> int:
    """Enterprises with another tier than the night before."""
    both = now.join(pl.read_csv(before), on="enterprise_id", suffix="_before")
    return both.filter(pl.col("tier") != pl.col("tier_before")).height


def main() -> int:
    """A month from the command line, in a folder named by its size and the program's own digest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--enterprises", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=Path("var"))
    given = parser.parse_args()
    name = f"soak-{given.enterprises}x{given.nights}-{code_digest()[:8]}"
    month = Month(given.folder / name, given.enterprises, given.nights)
    print(f"in {month.folder}: killed and called again, it goes on there", flush=True)
    nights = month.play()
    problems = month.verify()
    faster = faster_than_nights(growth(nights))
    print(table(nights))
    print("\n".join(problems[:40]))
    print(f"{len(nights)} nights done again, {len(problems)} lines of differences; "
          f"growing faster than the nights: {', '.join(faster) or 'nothing'}")  # fmt: skip
    return 1 if problems or faster else 0


if __name__ == "__main__":
    sys.exit(main())
