"""What Prefect schedules: plain JSON parameters in, a summary out. `prefect.yaml` names this flow."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from prefect import flow

from config.settings import Settings
from flows.discreet import discreet
from flows.nightly import run_everything
from flows.run import RunContext, next_quarter
from models.intake import load_source


@flow(name="night", persist_result=False)
@discreet
def night(
    source: str,
    data: str,
    out: str,
    as_of: date | None = None,
    pack: str | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """One night over one source: the same as `evenhand run`, as of today unless a day is given."""
    on = as_of or datetime.now().date()
    context = RunContext(
        settings=Settings(),
        source=source,
        data=Path(data),
        pack=pack or load_source(source).policy,
        as_of=on,
        seed=seed,
        period=next_quarter(on),
        out=Path(out),
    )
    return run_everything(context, demo_size=None)
