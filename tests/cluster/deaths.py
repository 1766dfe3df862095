"""Tasks that kill the worker they run on, once: before the work, in the middle of putting files in place, after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.intake import bucket
from models.rating.errand import Mapper, Task

WHEN = ("before", "between files", "after")


@dataclass(frozen=True)
class DiesOnce:
    """Runs the task, but whoever takes the victim first is killed; `mark` remembers that it has happened."""

    task: Task
    victim: int
    when: str
    mark: Path

    def __call__(self, number: int) -> int:
        dies = number == self.victim and not self.mark.exists()
        if dies:
            self.mark.touch()
        if dies and self.when == "before":
            _die()
        if dies and self.when == "between files":
            os.replace = _die_second(os.replace)  # type: ignore[assignment]
            bucket.Bucket.send = _send_one_and_die  # type: ignore[method-assign]
        count = self.task(number)
        if dies:
            _die()
        return count


def dying(over: Mapper, victim: int, when: str, mark: Path) -> Mapper:
    """The mapper, with one of its workers killed once."""

    def mapped(task: Task, shards: Sequence[int]) -> list[int]:
        return over(DiesOnce(task, victim, when, mark), shards)

    return mapped


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_second(replace: Any) -> Any:
    calls = []

    def replaced(*args: Any, **kwargs: Any) -> None:
        calls.append(args)
        if len(calls) == 2:
            _die()
        replace(*args, **kwargs)

    return replaced


_SEND = bucket.Bucket.send


def _send_one_and_die(self: bucket.Bucket, folder: Path, names: Sequence[str]) -> None:
    _SEND(self, folder, list(names)[:1])
    _die()
