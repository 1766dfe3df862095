"""Commands of `evenhand register` that look after it: anchors, copies, metrics, tidying, the day's round of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from config.errors import CheckFailed
from config.settings import Settings
from flows import console

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def anchor(out: Annotated[Path, typer.Option(help="File to publish.")] = Path("anchor.json")) -> None:
    """Write the newest signed tree heads to a file: publish it where the agency itself cannot change it.

    Example:  evenhand register anchor --out heads-2026-11-01.json
    """
    from models.store import heads
    from models.store.session import open_store

    with open_store(Settings().database, migrate=False) as store, store.snapshot() as snapshot:
        for log, head in heads.write_anchor(snapshot, out).items():
            console.out.print(f"{log}: {head['size']:,} entries, root {head['root']}", markup=False)
    console.out.print(str(out), markup=False)


def backup(out: Annotated[Path, typer.Argument(help="File to write; must not exist.")]) -> None:
    """Copy an SQLite register while it is in use; the copy is checked before it counts. PostgreSQL: pg_dump.

    Example:  evenhand register backup /backup/register-2026-11-22.sqlite
    """
    from models.store.backup import backup as copy
    from models.store.session import open_store

    with open_store(Settings().database, migrate=False) as store:
        size = copy(store, out)
    console.out.print(f"{out}: {size:,} bytes, logs as signed", markup=False)


def metrics() -> None:
    """Write the Prometheus text file again with what holds now: clocks, approvals, disk. For a timer between nights.

    Example:  evenhand register metrics
    """
    from flows.metrics import known, write_metrics

    settings = Settings()
    path = write_metrics(settings, known(settings.root / "metrics"), datetime.now().astimezone())
    console.out.print(str(path), markup=False)


def upkeep(
    anchors: Annotated[Path, typer.Option(help="Folder of the daily anchors, to publish.")] = Path("anchors"),
    copies: Annotated[
        Path | None, typer.Option(help="Folder for daily copies of an SQLite register; the oldest go.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The day's upkeep in one call: look at everything, write the anchor, copy the register, tidy old nights.

    Exit code 6 when something a night depends on has failed; where the register itself is not sound nothing is touched.

    Example:  evenhand register upkeep --anchors anchors --copies /backup/evenhand
    """
    from flows.prefect_home import prepare

    settings = Settings()
    prepare(settings.root)
    from flows.upkeep import keep_up

    done = keep_up(settings, datetime.now().astimezone(), anchors=anchors, copies=copies)
    told = {
        "anchor": str(done.anchor),
        "copy": str(done.copy) if done.copy else None,
        "copies_gone": [path.name for path in done.copies_gone],
        "nights_tidied": len(done.tidied),
        "bytes_gone": sum(old.size for old in done.tidied),
        "rows_gone": sum(sum(old.rows.values()) for old in done.tidied),
        "amiss": {one.check: one.remedy for one in done.findings if one.state != "ok"},
    }
    if as_json:
        console.print_json(told)
    else:
        shown = [(name.replace("_", " "), _words(value)) for name, value in told.items()]
        console.print_table(f"Upkeep of {settings.root}", ["what", "came of it"], shown)
    if done.failed:
        raise CheckFailed(f"{done.failed[0].check}: {done.failed[0].found}", remedy=done.failed[0].remedy)


def _words(value: object) -> str:
    """A figure, a path, a list or a table in a cell."""
    if isinstance(value, dict):
        return "\n".join(f"{name}: {text}" for name, text in value.items()) or "nothing"
    if isinstance(value, list):
        return "\n".join(map(str, value)) or "none"
    return "none" if value is None else f"{value:,}" if isinstance(value, int) else str(value)


def tidy(
    nights: Annotated[int | None, typer.Option(help="Nights of every source to keep; default: keep_nights.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: Json = False,
) -> None:
    """Remove the steps of old nights (var/work) and the register's rows of ratings that nobody acted on.

    Ratings and plans in var/work, exports, inputs and everything else in the register stay; so does the seal of what
    goes. The run's command makes it again.

    Example:  evenhand register tidy --nights 90 --dry-run
    """
    from flows.prefect_home import prepare

    settings = Settings()
    prepare(settings.root)
    from flows.tidy import going
    from flows.tidy import tidy as remove

    keep = settings.keep_nights if nights is None else nights
    old = (going if dry_run else remove)(settings, keep)
    rows = [
        (one.run_id or "unfinished", one.work.name, len(one.folders), one.size, sum(one.rows.values())) for one in old
    ]
    if as_json:
        names = ("run_id", "work", "folders", "bytes", "rows")
        console.print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        title = f"{'Would go' if dry_run else 'Gone'}, {keep} nights kept"
        console.print_table(title, ["run", "steps", "folders", "bytes", "rows of the register"], rows)
