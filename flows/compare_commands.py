"""`evenhand policy diff` and `evenhand whatif`: who moves before a change takes effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from config.errors import UsageError
from config.in_force import Policy
from config.policy import load_policy, scenario_named
from config.settings import Settings
from config.units import points_text
from flows import console

Source = Annotated[str, typer.Option(help="Source file, with --data.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the source's files; none = the tables of a run.")]
Run = Annotated[str | None, typer.Option("--run", help="Run id (or its beginning); default: the last one.")]
Show = Annotated[int, typer.Option(min=0, help="How many of those who move are listed.")]
Out = Annotated[Path | None, typer.Option(help="CSV file for everybody who moves.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def diff(
    pack: Annotated[str, typer.Argument(help="Policy pack.")],
    day1: Annotated[str, typer.Argument(help="A day, YYYY-MM-DD.", metavar="DAY1")],
    day2: Annotated[str, typer.Argument(help="Another day.", metavar="DAY2")],
    source: Source = "generated",
    data: Data = None,
    run_id: Run = None,
    scenario: Annotated[str | None, typer.Option(help="A scenario laid over the pack on both days.")] = None,
    show: Show = 20,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Who moves between two days of a pack, and why; the records are the same, as far as known on each day.

    Examples:

      evenhand policy diff customs-cn 2026-03-31 2026-04-01

      evenhand policy diff market 2025-12-24 2025-12-25 --source generated --data registers
    """
    book = load_policy(pack, scenario_named(scenario) if scenario else None)
    before, after = book.at(_day(day1)), book.at(_day(day2))
    tables = _tables(source, data, run_id, max(before.as_of, after.as_of))
    _report(tables, before, after, (str(before.as_of), str(after.as_of)), show, out, as_json)


def whatif(
    scenario: Annotated[str, typer.Option(help="A change of policy: a file, or a name of config/scenarios.")],
    policy: Annotated[str | None, typer.Option(help="Policy pack; default: the run's.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="Day; default: the run's.", metavar="DAY")] = None,
    run_id: Run = None,
    show: Show = 20,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Who would move if the law were another, on the tables of a run; nothing is changed by asking.

    Example:  evenhand whatif --scenario links-on
    """
    from flows.run import restored

    context = restored(Settings(), run_id).context
    on = _day(as_of) if as_of else context.as_of
    pack = policy or context.pack
    plain, changed = load_policy(pack).at(on), load_policy(pack, scenario_named(scenario)).at(on)
    tables = _tables(context.source, None, run_id, on)
    _report(tables, plain, changed, (f"{pack} as it is", Path(scenario).stem), show, out, as_json)


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


def _tables(source: str, data: Path | None, run_id: str | None, on: date) -> dict[str, pl.DataFrame]:
    """Of a run, or read from files by the source's own pack: another pack refuses what it has no item for."""
    settings = Settings()
    if data is None:
        from flows.intake import tables
        from flows.run import restored

        return tables(restored(settings, run_id).work / "intake")
    from models.intake import intake, load_source

    described = load_source(source)
    # rows dated after the two days are refused, as they should be: no reason to stop
    described = described.model_copy(update={"rejection_limit_per_mille": 1000})
    taken = intake(described, data, secret=settings.secret(), policy=load_policy(described.policy).at(on), as_of=on)
    return dict(taken.tables)


def _report(
    tables: dict[str, pl.DataFrame],
    before: Policy,
    after: Policy,
    names: tuple[str, str],
    show: int,
    out: Path | None,
    as_json: bool,
) -> None:
    from models.rating.compare import flows, movers
    from models.rating.rate import rate

    rated = rate(tables, before), rate(tables, after)
    moved = movers(*rated, before, after)
    if out is not None:
        lists = [pl.col(name).list.join(" ") for name, kind in moved.schema.items() if isinstance(kind, pl.List)]
        moved.with_columns(lists).write_csv(out)
    new = sorted(
        {(n.kind, n.path, n.message) for n in after.notices} - {(n.kind, n.path, n.message) for n in before.notices}
    )
    if as_json:
        console.print_json(
            {"enterprises": rated[0].height, "moved": moved.height, "flows": flows(moved).to_dicts()}
            | {"movers": moved.to_dicts(), "notices": new}
        )
        return
    console.out.print(f"{moved.height:,} of {rated[0].height:,} enterprises move between {names[0]} and {names[1]}.")
    _tiers(before, after, rated, names)
    console.print_table("From where to where", ["from", "to", "enterprises"], flows(moved).rows())
    console.print_table(
        "Who, the furthest down first", [*HEADINGS], [_mover(row) for row in moved.head(show).to_dicts()]
    )
    if moved.height > show:
        console.out.print(f"… and {moved.height - show:,} more; --out FILE writes them all.")
    for kind, path, message in new:
        console.out.print(f"{kind}: {path}: {message}", markup=False)


HEADINGS = ("enterprise", "from", "to", "points", "why", "no longer", "now")


def _mover(row: dict[str, Any]) -> Sequence[str]:
    points = f"{points_text(row['score_a'])} → {points_text(row['score_b'])}"
    rules = [" ".join(row[name]) for name in ("gates_gone", "gates_new")]
    return row["enterprise_id"], row["tier_a"], row["tier_b"], points, row["why"], *rules


def _tiers(before: Policy, after: Policy, rated: tuple[pl.DataFrame, pl.DataFrame], names: tuple[str, str]) -> None:
    """Enterprises by tier under both; a tier that does not exist under one has no figure there."""
    found = [dict(frame.group_by("tier").len().iter_rows()) for frame in rated]
    there = [{tier.id for tier in policy.tiers} for policy in (before, after)]
    order = [tier.id for tier in after.tiers] + [tier.id for tier in before.tiers if tier.id not in there[1]]
    rows = [(tier, *(found[side].get(tier, 0) if tier in there[side] else None for side in (0, 1))) for tier in order]
    console.print_table("Enterprises by tier", ["tier", *names], rows)
