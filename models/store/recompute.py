"""A past run against its recomputation: the same inputs, policy and seed must give the same rows, or say where not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from models.store import events, ledger, reads
from models.store.frames import fit
from models.store.ledger import Reader
from models.store.let_go import let_go
from models.store.sealed import RUN_TABLES
from models.store.session import Store
from models.store.verify import Problem, run_problems

SHOWN = 20

Recompute = Callable[[Mapping[str, Any]], Mapping[str, pl.DataFrame]]
"""Arguments of a run (a row of `runs` with `inputs`: name → sha256) → frames by table of the register."""


@dataclass(frozen=True)
class Difference:
    """One value that came out otherwise: `was` stands in the register, `now` was recomputed."""

    table: str
    key: str
    column: str  # "row" when the whole row is there only once
    was: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.table} {self.key}: {self.column} was {self.was}, is now {self.now}"


@dataclass(frozen=True)
class RunCheck:
    """What checking a run found; `differences` holds the first of every table, `counts` all of them."""

    run_id: str
    problems: tuple[Problem, ...]  # the stored rows against the ledger
    changed_inputs: tuple[Difference, ...]
    differences: tuple[Difference, ...]
    counts: Mapping[str, int]  # table → differing values; 0 = reproduced

    @property
    def reproduced(self) -> bool:
        """Whether everything stored is as sealed and came out the same again."""
        return not (self.problems or self.changed_inputs or any(self.counts.values()))


def verify_run(store: Store, run_id: str, recompute: Recompute, *, files: Mapping[str, str] | None = None) -> RunCheck:
    """Check a run's rows against the ledger, its input files (name → sha256 today) and its recomputation.

    Only tables that `recompute` returns are compared; where a table's rows were let go, by their sealed digest. When
    an input file changed nothing is recomputed: the difference would be the file's. Raises StoreError when the register
    does not know the run.
    """
    with store.snapshot() as snapshot:
        arguments = run_arguments(snapshot, run_id)
        problems = tuple(run_problems(snapshot, run_id))
        changed = () if files is None else tuple(_changed_inputs(arguments["inputs"], files))
        stored = {name: reads.run_rows(snapshot, name, run_id) for name in RUN_TABLES}
        gone = [name for name in let_go(snapshot, run_id) if stored[name].is_empty()]
        seals = {name: ledger.latest(snapshot, "results", name, run_id) or {} for name in gone}
    if changed:
        return RunCheck(run_id, problems, changed, (), {})
    again = recompute(arguments)
    found = {name: list(_differences(name, stored[name], frame)) for name, frame in again.items() if name not in gone}
    found |= {name: list(_seal_differs(run_id, name, seals[name], again[name])) for name in gone if name in again}
    shown = tuple(difference for differences in found.values() for difference in differences[:SHOWN])
    return RunCheck(run_id, problems, (), shown, {name: len(differences) for name, differences in found.items()})


def run_arguments(reader: Reader, run_id: str) -> dict[str, Any]:
    """Everything a run was called with, `inputs` (name → sha256) included."""
    files = reads.inputs(reader, run_id)
    return reads.run(reader, run_id) | {"inputs": dict(zip(files["name"], files["sha256"], strict=True))}


def _changed_inputs(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted(then.keys() | now.keys()):
        if then.get(name) != now.get(name):
            yield Difference("run_inputs", name, "sha256", then.get(name), now.get(name))


def _differences(name: str, was: pl.DataFrame, now: pl.DataFrame) -> Iterator[Difference]:
    sealed = RUN_TABLES[name]
    key = list(sealed.key)
    now = fit(now, sealed.schema, name).sort(key)
    if was.equals(now):
        return
    yield from _only_one(name, was.join(now, on=key, how="anti", nulls_equal=True), key, there="yes", here="no")
    yield from _only_one(name, now.join(was, on=key, how="anti", nulls_equal=True), key, there="no", here="yes")
    both = was.join(now, on=key, how="inner", suffix=" now", nulls_equal=True)
    for column in sealed.schema:
        if column in key:
            continue
        differs = both.filter(pl.col(column).ne_missing(pl.col(f"{column} now")))
        for row in differs.iter_rows(named=True):
            yield Difference(name, _key_text(row, key), column, _text(row[column]), _text(row[f"{column} now"]))


def _seal_differs(run_id: str, name: str, then: Mapping[str, Any], frame: pl.DataFrame) -> Iterator[Difference]:
    sealed = RUN_TABLES[name]
    now = sealed.entry(run_id, fit(frame, sealed.schema, name)).body
    for column in sorted(now):
        if then.get(column) != now[column]:
            yield Difference(name, f"{run_id} (rows let go)", column, _text(then.get(column)), _text(now[column]))


def _only_one(name: str, rows: pl.DataFrame, key: list[str], *, there: str, here: str) -> Iterator[Difference]:
    for row in rows.iter_rows(named=True):
        yield Difference(name, _key_text(row, key), "row", there, here)


def _key_text(row: Mapping[str, Any], key: Iterable[str]) -> str:
    return "/".join(str(row[part]) for part in key)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def verify_draw(store: Store, run_id: str, replay: Callable[[str, Any], Iterable[str]]) -> list[Problem]:
    """Replay the published draws of a run: `replay(name, publication)` says what does not come out the same."""
    with store.snapshot() as snapshot:
        problems = [problem for problem in run_problems(snapshot, run_id) if problem.where.startswith("draws ")]
        published = reads.draws(snapshot, run_id)
        reads.run(snapshot, run_id)  # an unknown run is an error, not an empty answer
    for name, publication in published.items():
        problems += [Problem("draw", f"{name} of run {run_id}", message) for message in replay(name, publication)]
    if not published:
        problems.append(Problem("draw", f"run {run_id}", "no draw was published"))
    return problems


def verify_files(store: Store, run_id: str, found: Mapping[str, str]) -> list[Problem]:
    """Files as they lie in a folder (path → sha256) against those registered for the run or approved later.

    Raises StoreError when the register does not know the run.
    """
    with store.snapshot() as snapshot:
        reads.run(snapshot, run_id)
        problems = [problem for problem in run_problems(snapshot, run_id) if problem.where.startswith("exports ")]
        registered = reads.exports(snapshot, run_id)
        approved = [
            ledger.latest(snapshot, "journal", "approved_exports", name) for name in _approvals(snapshot, run_id)
        ]
    known = [registered, *(entry["files"] for entry in approved if entry is not None)]
    for path in sorted(known[-1].keys() | found.keys()):  # what was approved last takes the place of what was there
        if path not in found:
            problems.append(Problem("file", path, f"of run {run_id} is gone"))
        elif not any(path in files for files in known):
            problems.append(Problem("file", path, f"is not of run {run_id}"))
        elif not any(files.get(path) == found[path] for files in known):
            problems.append(Problem("file", path, "is not the file that was registered"))
    return problems


def _approvals(reader: Reader, run_id: str) -> list[str]:
    return events.approvals(reader, run_id)["approval_id"].to_list()
