"""`evenhand rates --consignments`: how often examinations at the border found something, from what came back."""

from __future__ import annotations

import polars as pl

from config.errors import UsageError
from config.settings import Settings
from flows import console
from flows.consigned import kept_in, listed, of_lists_kept, stream_of, told_results
from flows.run import restored
from models.consignment.hits import ALL, hits
from models.consignment.results import TOLD
from models.store.session import open_store

CAVEAT = (
    "Only what chance has drawn is a sample of its tier: its rate is unbiased. "
    "Rates by risk and of what must be examined say how good the choice was, not how the tier is."
)
WORDS = {"random": "by chance", "risk": "by risk", "must": "must"}


def hits_of(settings: Settings, run_id: str | None = None) -> tuple[str, pl.DataFrame]:
    """The last quarter made under the run's source and pack, and models.consignment.hits.HITS of it."""
    context = restored(settings, run_id).context
    periods = sorted(kept_in(context, context.as_of).parent.parent.glob("????-Q?"))
    if not periods:
        raise UsageError(
            f"no day of {stream_of(context)} was made.", remedy="give `evenhand consign` first, or name a run by --run"
        )
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        told = of_lists_kept(told_results(snapshot, stream_of(context)), periods[-1])
    return periods[-1].name, hits(listed(periods[-1]), told.select(TOLD.names()), context.policy)


def print_hits(settings: Settings, run_id: str | None, *, as_json: bool) -> None:
    """Print the table, or JSON with the same caveat."""
    period, found = hits_of(settings, run_id)
    if as_json:
        console.print_json({"period": period, "hits": found.to_dicts(), "note": CAVEAT})
        return
    counts = ("planned", "examined", "not_examined", "open", "found")
    rows = [
        (
            "all" if row["office"] == ALL else row["office"],
            row["tier"],
            WORDS[row["why"]],
            *(row[name] for name in counts),
            *(_share(row[name]) for name in ("rate", "low", "high")),
        )
        for row in found.iter_rows(named=True)
    ]
    headings = ["office", "tier", "why", "planned", "examined", "not examined", "open", "found"]
    shares = ["rate", "from", "to (95%)"]
    console.print_table(f"Something found, of the examinations of {period}", headings + shares, rows)
    console.out.print(CAVEAT, markup=False)


def _share(per_million: int | None) -> str:
    return "–" if per_million is None else f"{per_million / 10_000:.1f}%"
