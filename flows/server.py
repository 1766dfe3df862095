"""The agency's own Prefect server, where one stays up: events for its automations, hand-outs that wait, one slot a
register. Without one (`evenhand run` alone brings a server that goes with it) nothing here does anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from config.settings import Settings


def stays() -> bool:
    """Whether PREFECT_API_URL names a server that outlives this command."""
    from prefect.settings import PREFECT_API_URL

    return PREFECT_API_URL.value() is not None


def tell(event: str, subject: str, /, **payload: Any) -> None:
    """Emit `evenhand.<event>` about `evenhand.<subject>`; payload: plain JSON values, nothing about persons."""
    if not stays():
        return
    from prefect.events import emit_event

    resource = {"prefect.resource.id": f"evenhand.{subject}", "prefect.resource.name": subject}
    emit_event(f"evenhand.{event}", resource=resource, payload=payload)


def waiting_name(run_id: str) -> str:
    """Name of the flow run that waits for a run's officer."""
    return f"hand-out-{run_id}"


def release(run_id: str, decision: Mapping[str, str]) -> int | None:
    """Resume every hand-out that waits for this run with what the officer decided; how many, None without an answer.

    The decision itself stands in the register before: what waits on a server that does not answer goes on with the
    next run of the deployment `clocks`.
    """
    if not stays():
        return 0
    import httpx

    try:
        return _resume(run_id, decision)
    except httpx.HTTPError:
        return None


def _resume(run_id: str, decision: Mapping[str, str]) -> int:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters, objects
    from prefect.flow_runs import resume_flow_run

    wanted = filters.FlowRunFilter(
        name=filters.FlowRunFilterName(any_=[waiting_name(run_id)]),
        state=filters.FlowRunFilterState(type=filters.FlowRunFilterStateType(any_=[objects.StateType.PAUSED])),
    )
    with get_client(sync_client=True) as client:
        waiting = client.read_flow_runs(flow_run_filter=wanted)
    for flow_run in waiting:
        resume_flow_run(flow_run.id, run_input=dict(decision))
    return len(waiting)


def slot_name(settings: Settings) -> str:
    """Name of the register's global concurrency limit."""
    return f"evenhand-{hashlib.blake2b(settings.database.encode(), digest_size=4).hexdigest()}"


@contextmanager
def slot(settings: Settings) -> Iterator[None]:
    """Hold the register's one slot: what the server runs waits for its turn instead of being refused by the lock."""
    if not stays():
        yield
        return
    from prefect.client.orchestration import get_client
    from prefect.concurrency.sync import concurrency

    with get_client(sync_client=True) as client:
        client.upsert_global_concurrency_limit_by_name(slot_name(settings), 1)
    with concurrency(slot_name(settings), strict=True):
        yield
