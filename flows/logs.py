"""Structured logs: one JSON line per event, in var/logs/<run>.jsonl, and on stderr with EVENHAND_LOG_STDERR=true.

A line holds counts and codes from closed lists, never the message of an error, a cell, a name or an identifier of a
firm or a person: what an officer needs to mend a file stands on the console and in the report, not here. The lines are
written by hand and not through `logging`, whose handlers Prefect shuts when it sets its own up.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal

Level = Literal["info", "warning", "error"]
Value = str | int | float | bool | date | list[int] | None

REFUSED = "refused"  # name of the log of what was refused before the run had a name
CODES = ("step", "source", "pack", "tier", "rule", "error", "program", "policy", "head", "place", "file", "outcome")
COUNTS = (
    "accepted", "bids", "bound", "enterprises", "exit_code", "left_out", "objective", "pid", "refused_rows", "rejected",
    "rows", "seconds", "seed", "shards", "tenders", "vetoed", "violations", "visits", "workers",
)  # fmt: skip
OTHERS = ("as_of", "first_rows")
FIELDS = frozenset((*CODES, *COUNTS, *OTHERS))
_CODE = re.compile(r"[\w.:/*+~-]{1,120}")
_LONG_NUMBER = re.compile(r"(?<![0-9a-f])[0-9]{11,17}[0-9Xx]?(?![0-9a-f])")  # a telephone, an identity card


class EventLog:
    """The log of one run; until the run has its name, lines are held back."""

    def __init__(self, folder: Path, *, stderr: bool = False) -> None:
        self.folder, self._stderr = folder, stderr
        self._held: list[dict[str, Value]] = []
        self._run_id: str | None = None

    def bind(self, run_id: str) -> None:
        """From here on the lines belong to this run; those held back go first."""
        self._run_id = run_id
        held, self._held = self._held, []
        self._write(run_id, held)

    def event(self, event: str, level: Level = "info", **fields: Value) -> None:
        """One line. Raises ValueError for a field that is not on the closed list."""
        if unknown := sorted(set(fields) - FIELDS):
            raise ValueError(f"Expected fields of flows.logs.FIELDS, got {', '.join(unknown)}.")
        told = {name: _plain(name, value) for name, value in fields.items() if value is not None}
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, "event": event} | told
        if self._run_id is None:
            self._held.append(line)
        else:
            self._write(self._run_id, [line])

    def close(self) -> None:
        """Write what was held back where the run never came to a name."""
        held, self._held = self._held, []
        if held:
            self._write(REFUSED, held)

    def _write(self, name: str, lines: list[dict[str, Value]]) -> None:
        run = {} if name == REFUSED else {"run_id": name}
        text = "".join(json.dumps(line | run, ensure_ascii=False) + "\n" for line in lines)
        if self._stderr:
            sys.stderr.write(text)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self.folder / f"{name}.jsonl", "ab", opener=_owner_only, buffering=0) as file:
            begun = b"\n" if _torn(self.folder / f"{name}.jsonl") else b""
            file.write(begun + text.encode())


@contextmanager
def opened(folder: Path, *, stderr: bool = False) -> Iterator[EventLog]:
    """A log for the length of the block; nothing held back is lost."""
    log = EventLog(folder, stderr=stderr)
    try:
        yield log
    finally:
        log.close()


def place_of(trace: TracebackType | None, root: Path) -> str | None:
    """File and line of the program in which an error arose, without what it said; None where it is not ours."""
    found = None
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(root) and "site-packages" not in path.parts:
            found = f"{path.relative_to(root).as_posix()}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _plain(name: str, value: Value) -> Value:
    """The value as it may stand in a log; `?` for a text that is no code."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value if name in CODES and _CODE.fullmatch(value) and not _LONG_NUMBER.search(value) else "?"
    if isinstance(value, float):
        return round(value, 3)
    return value


def _torn(path: Path) -> bool:
    """Whether the last line was cut off by a crash or a full disk."""
    size = path.stat().st_size
    if not size:
        return False
    with open(path, "rb") as file:
        file.seek(size - 1)
        return file.read(1) != b"\n"


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
