"""Prefect, embedded: quiet, without network calls, its database under var/. To be called before prefect is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EMBEDDED = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # the default of 20 s is not enough on a loaded machine
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # a deliberate error is shown once, by the command line; anything else arrives as a traceback anyway
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
}


def prepare(root: Path) -> None:
    """Set what the user has not set; an agency's own PREFECT_API_URL and the rest are respected."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)  # registers, keys of persons, logs: the owner's alone
    home = root / "prefect"
    home.mkdir(exist_ok=True, mode=0o700)
    os.environ.setdefault("PREFECT_HOME", str(home))
    for name, value in EMBEDDED.items():
        os.environ.setdefault(name, value)


@contextmanager
def short_runs() -> Iterator[None]:
    """A synchronous flow otherwise waits about a second for its heartbeat thread at the end."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
