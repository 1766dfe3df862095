"""An agency's own Prefect: server and worker as processes of their own, deployments from prefect.yaml."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.conftest import PROJECT

PATIENCE = 420  # seconds; a loaded machine is slow, not wrong
T = TypeVar("T")


@dataclass
class Agency:
    """A running server with a worker; `var` is where evenhand writes."""

    var: Path
    url: str
    environment: dict[str, str]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program of this environment (`prefect …`, `evenhand …`), run to its end."""
        module = {"prefect": ["-m", "prefect"], "evenhand": ["-m", "flows.cli"]}[words[0]]
        return subprocess.run(
            [sys.executable, *module, *words[1:]],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        """The server's answer; 503 is its database in use for a moment, and Prefect's own client asks again too."""

        def look() -> httpx.Response | None:
            answer = httpx.request(method, f"{self.url}{path}", json=body, timeout=60)
            return None if answer.status_code == 503 else answer

        return wait(look, path).raise_for_status().json()

    def start(self, deployment: str, **parameters: Any) -> str:
        """Id of a new flow run of a deployment (`flow/name`)."""
        found = self.get(f"/deployments/name/{deployment}")
        run = self.post(f"/deployments/{found['id']}/create_flow_run", {"parameters": parameters})
        return str(run["id"])

    def state(self, flow_run: str) -> str:
        """Name of a flow run's state."""
        return str(self.get(f"/flow_runs/{flow_run}")["state"]["name"])

    def until(self, flow_run: str, *states: str) -> str:
        """Wait until a flow run is in one of these states; a failed one is an error with its message."""

        def look() -> str | None:
            run = self.get(f"/flow_runs/{flow_run}")["state"]
            if run["name"] in states:
                return str(run["name"])
            assert run["type"] not in ("FAILED", "CRASHED"), run["message"]
            return None

        return wait(look, f"{flow_run} in {states}")

    def named(self, name: str) -> list[dict[str, Any]]:
        """Flow runs of this name."""
        return list(self.post("/flow_runs/filter", {"flow_runs": {"name": {"any_": [name]}}}))

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of this name, oldest first."""
        found = self.post("/events/filter", {"filter": {"event": {"name": [name]}}, "limit": 50})
        return list(reversed(found["events"]))

    def artifacts(self, kind: str) -> dict[str, dict[str, Any]]:
        """Artifacts of a kind by key, the latest of each."""
        found = self.post("/artifacts/filter", {"artifacts": {"type": {"any_": [kind]}}, "sort": "CREATED_DESC"})
        return {row["key"]: row for row in reversed(found)}


def wait(look: Callable[[], T | None], what: str) -> T:
    """Look until there is something to see; AssertionError when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if (seen := look()) is not None:
            return seen
        time.sleep(0.5)
    raise AssertionError(f"waited {PATIENCE} s in vain for {what}")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Agency]:
    """Server, work pool, deployments and worker; all gone at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
    url = f"http://127.0.0.1:{port}/api"
    environment = kept | {
        "EVENHAND_VAR": str(folder / "var"),
        "PYTHONPATH": str(PROJECT),
        "COLUMNS": "200",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    agency = Agency(folder / "var", url, environment)
    with _process(folder / "server.log", environment, "server", "start"):
        wait(lambda: _healthy(url), "the server")
        made = agency.command("prefect", "work-pool", "create", "evenhand", "--type", "process")
        assert made.returncode == 0, made.stdout + made.stderr
        deployed = agency.command("prefect", "--no-prompt", "deploy", "--all")
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        with _process(folder / "worker.log", environment, "worker", "start", "--pool", "evenhand"):
            yield agency


def _healthy(url: str) -> bool | None:
    try:
        return True if httpx.get(f"{url}/health", timeout=5).is_success else None
    except httpx.HTTPError:
        return None


@contextlib.contextmanager
def _process(log: Path, environment: dict[str, str], *words: str) -> Iterator[None]:
    with log.open("wb") as file:
        command = [sys.executable, "-m", "prefect", *words]
        process = subprocess.Popen(
            command, stdout=file, stderr=file, env=environment, cwd=PROJECT, start_new_session=True
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
