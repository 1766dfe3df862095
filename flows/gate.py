"""The gate: a run waits on Prefect's server until a named officer has decided, in Prefect's page or by
`evenhand approve`. Suspended, not blocked: no process waits, and a restart of the server loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from prefect import flow, suspend_flow_run, task
from prefect.cache_policies import NO_CACHE
from prefect.input import RunInput
from pydantic import Field

from config.errors import ApprovalRequired
from config.settings import Settings
from flows import server
from flows.approve import approve, hand_over, refuse, standing
from flows.artifacts import link
from flows.discreet import discreet
from flows.retries import UNTIL_FREE
from flows.run import FinishedRun, restored
from models.store.locks import run_lock
from models.store.session import open_store

TRIES = 10  # forms an officer may fill in wrongly before the hand-out gives up


class Decision(RunInput):
    """The form that Prefect's page shows; every field must hold something."""

    officer: str = Field(min_length=1, pattern=r"\S", description="Your id in the office.")
    name: str = Field(min_length=1, pattern=r"\S", description="Your name, as it will stand on every page.")
    reason: str = Field(min_length=1, pattern=r"\S", description="Why you decide so.")
    outcome: Literal["approved", "refused"] = Field("approved", description="What you decide.")


@flow(name="hand out", flow_run_name=server.waiting_name("{run_id}"), persist_result=False, validate_parameters=True)
def hand_out(run_id: str) -> dict[str, Any]:
    """Wait for a named officer, then deliver the exports without "screening aid".

    It begins anew after every wait; what it needs to know stands in the register and in the form that was filled in.
    """
    settings = Settings()
    run = restored(settings, run_id)
    said = ""
    for attempt in range(1, TRIES + 1):
        if (done := handed_out(settings, run)) is not None:
            return done
        form = Decision.with_initial_data(description=question(settings, run, said))
        given = suspend_flow_run(wait_for_input=form, key=f"officer-{run.run_id}-{attempt}")
        try:
            if (done := decide(settings, run, given)) is not None:
                return done
        except ApprovalRequired as error:
            said = error.message
    raise ApprovalRequired(f"run {run.run_id}: {said}", remedy="`evenhand approve` by somebody who may")


def question(settings: Settings, run: FinishedRun, said: str) -> str:
    """What the page says above the form, in Markdown."""
    files = "\n".join(f"- [{path.name}]({link(settings, path)})" for path in _evidence(run.context.out))
    refusal = f"**Not taken: {said}**\n\n" if said else ""
    title = f"Run {run.run_id}: {run.context.source_id} on {run.context.as_of} by {run.context.pack}"
    return f"{refusal}{title}.\n\nLook at the evidence before you decide:\n\n{files}\n"


def _evidence(out: Path) -> list[Path]:
    return [path for name in ("report.html", "compliance-register.xlsx") if (path := out / name).is_file()]


@task(name="decide", cache_policy=NO_CACHE, **UNTIL_FREE)
@discreet
def decide(settings: Settings, run: FinishedRun, given: Decision) -> dict[str, Any] | None:
    """What the officer wrote, into the register; None when the register already knew it (`evenhand approve`)."""
    with open_store(settings.database) as store:
        if standing(store, run) is not None:
            return handed_out.fn(settings, run)
    words = {"officer": given.officer, "name": given.name, "reason": given.reason}
    with server.slot(settings):
        return (approve if given.outcome == "approved" else refuse)(settings, run.run_id, **words)


@task(name="hand over", cache_policy=NO_CACHE, **UNTIL_FREE)
@discreet
def handed_out(settings: Settings, run: FinishedRun) -> dict[str, Any] | None:
    """Deliver what stands approved; None while nobody has approved."""
    with server.slot(settings), open_store(settings.database) as store:
        decided = standing(store, run)
        if decided is None:
            return None
        with run_lock(store):
            return hand_over(settings, store, run, decided)
