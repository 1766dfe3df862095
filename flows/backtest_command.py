"""`evenhand backtest`: what the ratings would have been worth."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from config.errors import UsageError
from config.policy import scenario_named
from config.settings import Settings
from flows import console


def _day(text: str, name: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"{name}: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


def backtest(
    source: Annotated[str, typer.Option(help="Source file.")],
    data: Annotated[Path, typer.Option(help="Folder with its files.")],
    from_: Annotated[str, typer.Option("--from", help="First origin.", metavar="DAY")],
    to: Annotated[str, typer.Option("--to", help="End: windows lie wholly before it.", metavar="DAY")],
    every: Annotated[str, typer.Option(help="Length of a window in days, such as 60d.")] = "60d",
    policy: Annotated[str | None, typer.Option(help="Policy pack; default: the source's.")] = None,
    scenario: Annotated[str | None, typer.Option(help="A change of policy to lay over the pack.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of ties and of the bootstrap.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables as CSV.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Rate at each origin with only what was known then, and measure on what was found afterwards.

    Example:  evenhand backtest --source chicago --data ../shared/data/chicago --from 2012-09-01 --to 2014-08-31
    """
    from models.backtest import run_backtest

    length = every.removesuffix("d")
    if not length.isdigit() or int(length) < 1:
        raise UsageError(f"--every: {every!r} is not a number of days.", remedy="write it as 60d")
    days = (_day(from_, "--from"), _day(to, "--to"))
    secret = Settings().secret()
    overlay = scenario_named(scenario) if scenario else None
    with console.steps(1) as progress, progress.stage(f"windows of {length} days"):
        report = run_backtest(
            source, data, *days, int(length), secret=secret, seed=str(seed).encode(), pack=policy, scenario=overlay
        )
    frames = {name: getattr(report, name) for name in ("windows", "totals", "tiers", "regions")}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.write_csv(out / f"{name}.csv")
    if as_json:
        console.print_json({name: frame.to_dicts() for name, frame in frames.items()})
        return
    window = ["origin", "visits", "found", "auc", "days_earlier_than_random", "days_earlier_than_actual"]
    _show("Windows", frames["windows"].select(window))
    _show("Mean of the windows, with 95% intervals", frames["totals"])
    _show("By tier", frames["tiers"])
    console.out.print(f"pack {report.pack}, digest {report.digest[:12]}; what the measures mean: docs/backtest.md")


def _show(title: str, frame: pl.DataFrame) -> None:
    rounded = frame.with_columns(pl.selectors.float().round(3), pl.selectors.date().cast(pl.String))
    console.print_table(title, frame.columns, rounded.rows())
