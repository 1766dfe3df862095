"""What Prefect schedules: plain JSON parameters in, a summary out. `prefect.yaml` names this flow."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import flow

from config.errors import EvenhandError
from config.settings import Settings
from flows import server
from flows.discreet import discreet
from flows.nightly import run_everything
from flows.run import RunContext, next_quarter, usual_out
from models.intake import load_source


@flow(name="night", persist_result=False)
@discreet
def night(
    source: str,
    data: str,
    out: str | None = None,
    as_of: date | None = None,
    pack: str | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """One night over one source: the same as `evenhand run`, as of today unless a day is given."""
    on = as_of or datetime.now().date()
    settings = Settings()
    context = RunContext(
        settings=settings,
        source=source,
        data=Path(data),
        pack=pack or load_source(source).policy,
        as_of=on,
        seed=seed,
        period=next_quarter(on),
        out=Path(out) if out else usual_out(settings, source, on),
    )
    try:
        with server.slot(context.settings):
            return run_everything(context, demo_size=None)
    except EvenhandError as error:
        server.tell("run.refused", f"source.{context.source_id}", **why(error), as_of=on.isoformat())
        raise


def why(error: EvenhandError) -> dict[str, Any]:
    """A refusal as an event may tell it: kind, exit code and place, never cells of a file."""
    told: dict[str, Any] = {"kind": type(error).__name__, "exit_code": error.exit_code}
    place = {name: getattr(error, name, None) for name in ("file", "row", "rule")}
    return told | {name: value for name, value in place.items() if value is not None}
