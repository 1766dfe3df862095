"""What a run is: its arguments, the digests that name it, and the folder its steps stand in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from config.errors import UsageError
from config.in_force import Policy
from config.policy import PolicyBook, load_policy
from config.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def digest(value: Any) -> str:
    """sha256 over the canonical JSON of a value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str, ensure_ascii=False).encode()).hexdigest()


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Digest of the program itself, so that finished steps of an older version are not taken for this one's."""
    hasher = hashlib.sha256()
    for package in ("config", "models", "exports", "flows"):
        for path in sorted((ROOT / package).rglob("*.py")):
            hasher.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return hasher.hexdigest()


def saved_runs(settings: Settings) -> Path:
    """Folder with the arguments of every finished run, by run id."""
    return settings.root / "runs"


def next_quarter(as_of: date) -> tuple[date, date]:
    """First and last day of the three months that begin with the month after `as_of`."""
    first = (as_of.replace(day=1) + timedelta(days=32)).replace(day=1)
    last = first
    for _ in range(3):
        last = (last + timedelta(days=32)).replace(day=1)
    return first, last - timedelta(days=1)


def usual_out(settings: Settings, source: str, as_of: date) -> Path:
    """Where the workbooks of a day go unless somebody says otherwise."""
    return settings.root / "out" / f"{Path(source).stem}-{as_of}"


@dataclass(frozen=True)
class RunContext:
    """Arguments of a run; everything that can change a result stands here or in the input files."""

    settings: Settings
    source: str
    data: Path
    pack: str
    as_of: date
    seed: int
    period: tuple[date, date]
    out: Path
    scenario: Path | None = None

    @cached_property
    def book(self) -> PolicyBook:
        return load_policy(self.pack, self.scenario)

    @cached_property
    def policy(self) -> Policy:
        return self.book.at(self.as_of)

    @property
    def source_id(self) -> str:
        """Name of the source, without the folder of a user's own file."""
        return Path(self.source).stem

    @property
    def seed_bytes(self) -> bytes:
        """Seed of every draw and lottery of this run: the office's secret where it has one, and `--seed`."""
        secret = self.settings.draw_seed()
        return (b"evenhand" if secret is None else secret) + f":{self.seed}".encode()

    def run_id(self, inputs: Mapping[str, str]) -> str:
        """Name of the run: same inputs, policy, seed, dates → same id. `inputs`: file name → sha256."""
        return digest(
            {
                "inputs": dict(inputs),
                "source": self.source,
                "policy": self.policy.digest,
                "as_of": self.as_of,
                "seed": hashlib.sha256(self.seed_bytes).hexdigest(),
                "period": self.period,
                "language": self.settings.language,
            }
        )[:16]

    def work(self, run_id: str) -> Path:
        """Folder of the run's steps; another version of the program works in another one."""
        return self.settings.root / "work" / f"{run_id}-{code_digest()[:8]}"

    def arguments(self, run_id: str) -> dict[str, Any]:
        """What `restored` needs to make the same context again."""
        return {
            "work": str(self.work(run_id)),
            "source": self.source,
            "data": str(self.data.resolve()),
            "pack": self.pack,
            "as_of": self.as_of.isoformat(),
            "seed": self.seed,
            "period": [day.isoformat() for day in self.period],
            "out": str(self.out.resolve()),
            "scenario": str(self.scenario.resolve()) if self.scenario else None,
        }


@dataclass(frozen=True)
class FinishedRun:
    """A run that has ended: its context and the folder its steps stand in."""

    run_id: str
    context: RunContext
    work: Path


def restored(settings: Settings, run_id: str | None = None) -> FinishedRun:
    """The finished run named (by its id or the beginning of it), else the one finished last; UsageError without any,
    or when its steps were tidied away."""
    run = saved(settings, run_id)
    if not run.work.is_dir():
        raise UsageError(f"{run.work}: the steps of run {run.run_id} are gone.", remedy="give its command again")
    return run


def saved(settings: Settings, run_id: str | None = None) -> FinishedRun:
    """Like `restored`, whether or not the steps still stand."""
    noted = sorted(saved_runs(settings).glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    named = [path for path in noted if run_id is None or path.stem.startswith(run_id)]
    if not named:
        wanted = f"run {run_id}" if run_id else "finished run"
        raise UsageError(f"no {wanted} in {settings.root}.", remedy="give `evenhand run` first")
    given = json.loads(named[-1].read_text("utf-8"))
    first, last = (date.fromisoformat(day) for day in given["period"])
    context = RunContext(
        settings=settings,
        source=given["source"],
        data=Path(given["data"]),
        pack=given["pack"],
        as_of=date.fromisoformat(given["as_of"]),
        seed=given["seed"],
        period=(first, last),
        out=Path(given["out"]),
        scenario=Path(given["scenario"]) if given["scenario"] else None,
    )
    return FinishedRun(named[-1].stem, context, Path(given["work"]))
