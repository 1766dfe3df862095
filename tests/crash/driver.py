"""Runs the command line and does something terrible at the N-th write.

Counted are files opened for writing, renamed, made or removed below FOLDER, and statements and commits of the
register. ACTION: `count` writes the number at the end to FOLDER/writes, `kill` kills the whole process group,
anything else is a program to run once.

    python -m tests.crash.driver FOLDER N ACTION arguments of evenhand …

runs one command. Without arguments it loads the program once and runs a command for every line of its input, a JSON
object with folder, at, action, arguments, environment, out, err; each in a process and a process group of its own that
is forked off, its return code printed. Flows and tasks are then called as the plain functions they wrap: Prefect keeps
nothing of ours over a crash. What is loaded has computed nothing yet, so that the fork has the threads it needs.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
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
        function.with_options = lambda **_: function
        return function

    prefect.flow = prefect.task = plain  # type: ignore[assignment]


def _note(path: Path, here: list[int]) -> None:
    with contextlib.suppress(OSError):  # the disk may be full: then nobody asks
        path.write_text(str(here[0]), "ascii")


def main(folder: str, at: int, action: str, *arguments: str) -> None:
    """One command with its blow."""
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
    from flows.cli import app

    app()


def serve() -> None:
    """Load everything, then fork off a command for every line of the input."""
    _without_prefect()
    import flows.cli
    import flows.nightly
    import flows.summary  # noqa: F401
    import models.intake  # noqa: F401

    for line in sys.stdin:
        given = json.loads(line)
        child = os.fork()
        if child == 0:
            _forked(given)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):  # nothing of a group outlives its command
            os.killpg(child, signal.SIGKILL)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _forked(given: dict[str, Any]) -> None:
    """The command in its own process group; never returns."""
    os.setsid()
    code = 1
    try:
        for name, number in (("out", 1), ("err", 2)):
            target = os.open(given[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(target, number)
            os.close(target)
        os.environ.clear()
        os.environ.update(given["environment"])
        main(given["folder"], given["at"], given["action"], *given["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        with contextlib.suppress(OSError, ValueError):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
    else:
        serve()
