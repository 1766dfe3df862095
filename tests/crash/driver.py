"""Runs the command line and does something terrible at the N-th write; started by the tests as a process of its own.

    python -m tests.crash.driver FOLDER N ACTION arguments of evenhand …

Counted are files opened for writing, renamed, made or removed below FOLDER, and statements and commits of the
register. ACTION: `count` writes the number at the end to FOLDER/writes, `kill` kills the whole process group,
anything else is a program to run once. With EVENHAND_TEST_PLAIN set, flows and tasks are called as the plain functions
they wrap: Prefect keeps nothing of ours over a crash, and without it a run takes a third of the time.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.copyfile")


def _without_prefect() -> None:
    import prefect

    def plain(function: Any = None, **_: Any) -> Any:
        if function is None:
            return plain
        function.fn = function
        return function

    prefect.flow = prefect.task = plain  # type: ignore[assignment]


def _note(path: Path, here: list[int]) -> None:
    with contextlib.suppress(OSError):  # the disk may be full: then nobody asks
        path.write_text(str(here[0]), "ascii")


def main(folder: str, at: int, action: str, *arguments: str) -> None:
    numbers = itertools.count(1)
    here = [0]

    def struck() -> None:
        here[0] = next(numbers)
        if here[0] != at:
            return
        if action == "kill":
            os.killpg(os.getpgrp(), signal.SIGKILL)
        elif action != "count":
            subprocess.run([action], check=True)

    def below(path: object) -> bool:
        text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        return text.startswith(folder) and not text.startswith(f"{folder}/prefect")

    def hook(event: str, details: tuple[Any, ...]) -> None:
        if event == "open":
            if isinstance(details[2], int) and details[2] & WRITES and below(details[0]):
                struck()
        elif event in CHANGES and any(below(part) for part in details[:2]):
            struck()

    def on_database(*_: object) -> None:
        struck()

    sys.addaudithook(hook)
    from sqlalchemy import Engine, event

    event.listen(Engine, "before_cursor_execute", on_database)
    event.listen(Engine, "commit", on_database)
    if action == "count":
        atexit.register(_note, Path(folder, "writes"), here)
    sys.argv = ["evenhand", *arguments]
    if os.environ.get("EVENHAND_TEST_PLAIN"):
        _without_prefect()
    from flows.cli import app

    app()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
