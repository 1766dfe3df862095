"""A small night to be disturbed, and what it must come to all the same."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
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
        self.var.mkdir(parents=True, exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
        given = kept | {"EVENHAND_VAR": str(self.var), "COLUMNS": "200"} | self.environment
        if self.database is not None:
            given["EVENHAND_DATABASE_URL"] = self.database
        if self.plain:
            given["EVENHAND_TEST_PLAIN"] = "1"
        command = [sys.executable, "-m", "tests.crash.driver", str(self.var), str(at), action, *COMMAND, *self.more]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=given, start_new_session=True)

    def run(self, at: int = 0, action: str = "count") -> subprocess.CompletedProcess[str]:
        """Start and wait."""
        with self.start(at, action) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def finish(self) -> dict[str, Any]:
        """Run undisturbed; the outcome as the command prints it."""
        done = self.run()
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads(done.stdout))

    def writes(self) -> int:
        """How many writes the last undisturbed run made."""
        return int((self.var / "writes").read_text("ascii"))


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
