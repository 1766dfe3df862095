"""`evenhand consign`: which declarations to examine today; `evenhand verify consign`: was the draw as committed?"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from config.errors import UsageError
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


def consign(
    day: Annotated[str | None, typer.Argument(help="The day, YYYY-MM-DD; default: every day there is.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First day.", metavar="DAY")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last day.", metavar="DAY")] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with YYYY-MM-DD.csv and offices.csv; default: the run's data.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where workbooks and publications go.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Run whose ratings count; default: the last one.")] = None,
    reveal: Annotated[bool, typer.Option(help="In the evening: publish the day's seed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Choose the declarations to examine, so that the rates by the importer's tier hold over the quarter.

    Examples:

      evenhand consign

      evenhand consign 2026-11-03 --data customs --json

      evenhand consign 2026-11-03 --reveal
    """
    settings = Settings()
    prepare(settings.root)
    from flows import consign as mornings

    one = _day(day, "DAY")
    if reveal:
        if one is None:
            raise UsageError("--reveal needs the day.", remedy="evenhand consign 2026-11-03 --reveal")
        console.out.print(f"seed of {one}: {mornings.reveal(settings, one, run_id=run_id, out=out)}", markup=False)
        return
    first, last = one or _day(from_, "--from"), one or _day(to, "--to")
    done = mornings.consign(settings, first, last, run_id=run_id, data=data, out=out)
    if as_json:
        console.print_json(done)
    else:
        describe(done)


def describe(done: dict[str, Any]) -> None:
    """Print the days, then the rates of the period so far."""
    columns = ["day", "declared", "examined", "must", "random", "risk", "owed", "beyond_minutes"]
    days = [
        [*(row[name] for name in columns), f"{row['minutes_used']:,} of {row['minutes']:,}"] for row in done["days"]
    ]
    headings = ["day", "declared", "examined", "must", "by chance", "by risk", "owed", "no minutes", "minutes used"]
    console.print_table("Examinations", headings, days)
    shown = [
        (
            *(row[name] for name in ("office", "tier", "declared", "examined")),
            _share(row["rate"]),
            _share(row["realised"]),
            row["why"] or "kept",
        )
        for row in done["rates"]
    ]
    title = f"Rates of {done['period']} by {done['pack']}, ratings of run {done['run_id']}"
    console.print_table(title, ["office", "tier", "declared", "examined", "wanted", "so far", "state"], shown)
    if done["not_examined"]:
        said = f"{done['not_examined']} came back as not examined: they do not count, and the next day made owes them"
        console.out.print(said, markup=False)
    console.out.print(f"written to {done['out']}", markup=False)


def _share(per_mille: float | None) -> str:
    return "–" if per_mille is None else f"{per_mille / 10:.1f}%"
