"""A small night to be disturbed, and what it must come to all the same."""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.store import heads, ledger, reads
from models.store.session import open_store
from models.store.verify import verify_ledger

COMMAND = ("run", "--enterprises", "120", "--seed", "3", "--json")
LEFTOVERS = (".tmp", ".part", ".new", ".old")


@dataclass
class Night:
    """One folder and one command; `database` is an SQLAlchemy URL when it is not the folder's SQLite."""

    var: Path
    database: str | None = None
    plain: bool = True  # without Prefect's engine around the steps
    environment: dict[str, str] = field(default_factory=dict)
    more: tuple[str, ...] = ()  # arguments beside those of every night

    def start(self, at: int = 0, action: str = "count") -> subprocess.Popen[str]:
        """The command in a process group of its own; at the `at`-th write `action` happens."""
        command = [sys.executable, "-m", "tests.crash.driver", str(self.var), str(at), action, *COMMAND, *self.more]
        pipe, given = subprocess.PIPE, self._environment()
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=given, start_new_session=True)

    def run(self, at: int = 0, action: str = "count") -> subprocess.CompletedProcess[str]:
        """Start and wait; without Prefect's engine the process is forked off one that has the program loaded."""
        if self.plain:
            return _loaded_program().run(self._environment(), self.var, at, action, [*COMMAND, *self.more])
        with self.start(at, action) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def _environment(self) -> dict[str, str]:
        self.var.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
        given = kept | {"EVENHAND_VAR": str(self.var), "COLUMNS": "200"} | self.environment
        return given if self.database is None else given | {"EVENHAND_DATABASE_URL": self.database}

    def finish(self) -> dict[str, Any]:
        """Run undisturbed; the outcome as the command prints it."""
        done = self.run()
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def writes(self) -> int:
        """How many writes the last undisturbed run made."""
        return int((self.var / "writes").read_text("ascii"))


class LoadedProgram:
    """A process that has everything imported and forks a night off for every line it is given."""

    def __init__(self) -> None:
        self.talk = tempfile.TemporaryDirectory(prefix="evenhand-crash-")
        pipe, home = subprocess.PIPE, {"PREFECT_HOME": self.talk.name}
        command = [sys.executable, "-m", "tests.crash.driver"]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=dict(os.environ) | home)

    def run(
        self, environment: dict[str, str], folder: Path, at: int, action: str, arguments: list[str]
    ) -> subprocess.CompletedProcess[str]:
        out, err = (Path(self.talk.name, name) for name in ("out", "err"))
        given = {"folder": str(folder), "at": at, "action": action, "arguments": arguments, "out": str(out)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(given | {"environment": environment, "err": str(err)}) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))

    def end(self) -> None:
        """No line is the end of its input."""
        self.process.communicate()
        self.talk.cleanup()


@lru_cache(maxsize=1)
def _loaded_program() -> LoadedProgram:
    program = LoadedProgram()
    atexit.register(program.end)
    return program


def result(night: Night) -> dict[str, Any]:
    """Everything that must be the same after any crash; asserts on the way that nothing is broken or left lying."""
    outcome = night.finish()
    out = Path(outcome["out"])
    key = heads.public_key(heads.signing_key(night.var / "ledger.key"))
    with open_store(night.database or f"sqlite:///{night.var / 'evenhand.sqlite'}", migrate=False) as store:
        assert verify_ledger(store, public_key=key) == []
        with store.snapshot() as snapshot:
            results, runs = ledger.head(snapshot), reads.runs(snapshot).height
    strays = [path for path in (night.var / "work", out) for path in path.rglob("*") if path.name.endswith(LEFTOVERS)]
    assert strays == []
    files = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in outcome["files"]}
    present = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()} - {".evenhand.json"}
    assert present == set(files)
    return {"head": outcome["ledger_head"], "results": results, "runs": runs, "files": files, "tiers": outcome["tiers"]}
