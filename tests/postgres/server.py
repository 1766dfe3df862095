"""Start and stop PostgreSQL from the system's programs, as an unprivileged user, on a socket only."""

from __future__ import annotations

import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REMEDY = "install PostgreSQL's server (Debian: apt-get install postgresql)"


def program(name: str) -> str | None:
    """Path of a server program: on the PATH or where Debian puts it; None when it is not installed."""
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)
    return places[0] if places else shutil.which(name)


def _as_postgres(command: list[str]) -> list[str]:
    """The server refuses to run as root: hand over to its own user."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]


def _run(command: list[str]) -> None:
    done = subprocess.run(_as_postgres(command), capture_output=True, text=True, cwd="/", check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


class Server:
    """One cluster in a folder of its own; `start` and `stop` may be called again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pg_ctl = program("pg_ctl")
        initdb = program("initdb")
        if initdb is None or self.pg_ctl is None:
            pytest.skip(f"PostgreSQL's server programs are not here: {REMEDY}")
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip(f"running as root without a user postgres: {REMEDY}")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _run([initdb, "-D", str(folder / "data"), "-U", "evenhand", "-A", "trust", "-E", "UTF8", "--no-sync"])

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c max_connections=60"
        _run(self._control("start", "-w", "-o", options, "-l", str(self.folder / "log")))

    def stop(self, mode: str = "immediate") -> None:
        _run(self._control("stop", "-m", mode))

    def stop_command(self) -> list[str]:
        """The same for a shell."""
        return _as_postgres(self._control("stop", "-m", "immediate"))

    def _control(self, *words: str) -> list[str]:
        assert self.pg_ctl is not None
        return [self.pg_ctl, "-D", str(self.folder / "data"), *words]

    def url(self, database: str, user: str = "evenhand") -> str:
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def psql(self, database: str, script: str, user: str = "evenhand") -> None:
        """Run SQL statements, each on its own; raises psycopg's errors."""
        import psycopg

        with psycopg.connect(host=str(self.folder), user=user, dbname=database, autocommit=True) as connection:
            connection.execute(script)  # type: ignore[call-overload]

    def new_database(self, name: str) -> str:
        """URL of an empty database."""
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.psql("postgres", f'CREATE DATABASE "{name}"')
        return self.url(name)


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A started server; the socket's path must be short, so it lies in the system's own temporary folder."""
    with tempfile.TemporaryDirectory(prefix="eh-pg-", ignore_cleanup_errors=True) as name:
        server = Server(Path(name))
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(RuntimeError):
                server.stop()
