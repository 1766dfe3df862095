"""`evenhand register`: runs, anchors, backups, upgrades, clocks on the officials, the transparency report."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.errors import CheckFailed, UsageError
from config.settings import Settings
from flows import console
from flows.upkeep_commands import Json, anchor, backup, metrics, tidy, upkeep

if TYPE_CHECKING:
    import polars as pl

    from models.store.session import Snapshot

app = typer.Typer(no_args_is_help=True, help="The register: runs, anchors, backups, upgrades, clocks, transparency.")

for _command in (anchor, backup, metrics, upkeep, tidy):
    app.command()(_command)


@app.command()
def runs(as_json: Json = False) -> None:
    """List the runs of the register by the day they rate.

    Example:  evenhand register runs
    """
    from models.store import ledger, reads
    from models.store.session import open_store

    with open_store(Settings().database, migrate=False) as store, store.snapshot() as snapshot:
        found = reads.runs(snapshot).select("run_id", "as_of", "source", "pack", "seed")
        listed = [{**row, "head": ledger.run_head(snapshot, row["run_id"])} for row in found.iter_rows(named=True)]
    if as_json:
        console.print_json(listed)
    else:
        rows = [(*(str(value) for value in row.values()),) for row in listed]
        console.print_table("Runs", ["run", "as of", "source", "pack", "seed", "ledger head"], rows)


@app.command()
def upgrade(
    to: Annotated[str, typer.Option(help="Schema to go to; `evenhand` itself always goes to its own.")] = "head",
    down: Annotated[
        bool, typer.Option(help="Go down to it: tables newer than it are removed with their rows.")
    ] = False,
) -> None:
    """Bring the database to a schema. Make a backup first.

    Example:  evenhand register upgrade
    """
    from models.store import schema
    from models.store.session import change_schema, connect

    if down and to == "head":
        raise UsageError("--down needs --to.", remedy="name the schema to go down to, e.g. --to 0001")
    with connect(Settings().database) as store:
        change_schema(store, lambda c: schema.downgrade(c, to) if down else schema.upgrade(c, to))
        with store.snapshot() as snapshot:
            console.out.print(f"schema {schema.revision(snapshot.connection)}", markup=False)


AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="Default: today.")]


def _day(text: str | None, option: str = "--as-of") -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now().date()
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


@app.command()
def clocks(
    policy: Annotated[str, typer.Option(help="Policy pack whose terms count.")] = "market",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Terms of objections, revocations and notices, reported on the officials; exit code 6 when one is overdue.

    Example:  evenhand register clocks --as-of 2026-11-22
    """
    from flows.prefect_home import prepare
    from models.redress.clocks import by_official

    settings, day = Settings(), _day(as_of)
    prepare(settings.root)
    from flows.clocks import all_clocks

    table = by_official(all_clocks(settings, policy, day))
    if as_json:
        console.print_json(table.to_dicts())
    else:
        console.print_table(f"Clocks on {day} by {policy}", table.columns, table.rows())
    overdue = int(table["overdue"].sum())
    if overdue:
        raise CheckFailed(f"{overdue} clocks are overdue.", remedy="decide or withdraw, and record it")


@app.command()
def transparency(
    run_id: Annotated[str | None, typer.Option("--run", help="Run id (or its beginning); default: the last.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("transparency"),
    least: Annotated[int, typer.Option(min=3, help="Counts below it are not published.")] = 5,
    internal: Annotated[bool, typer.Option("--internal", help="With officers' ids and every count: CSV only.")] = False,
) -> None:
    """Figures on officers, agencies and equal treatment, fit for publication: no firm and no person is named.

    Example:  evenhand register transparency --out transparency-2026-11
    """
    from flows.prefect_home import prepare

    settings = Settings()
    prepare(settings.root)
    from exports.facts import facts_of
    from exports.transparency import write_transparency
    from flows.run import restored
    from models.outcome.publication import publishable
    from models.store.session import open_store
    from models.whole import write_text

    run = restored(settings, run_id)
    with open_store(settings.database, migrate=False) as store, store.snapshot() as snapshot:
        figures = _figures(snapshot, run.run_id, run.work / "intake")
    if internal:
        for name, frame in figures.items():
            write_text(out / f"{name}.csv", frame.write_csv(), private=True)
    else:
        figures = publishable(figures, least)
        facts = facts_of(run.context.policy, run.run_id)
        write_transparency(figures, facts, least, out, language=settings.language)
    console.print_table(f"Written to {out}", ["figure", "rows"], [(name, f.height) for name, f in figures.items()])


def _figures(snapshot: Snapshot, run_id: str, intake_folder: Path) -> dict[str, pl.DataFrame]:
    from flows.intake import tables
    from models.outcome.oversight import transparency as figures
    from models.records import TABLES, empty
    from models.store import events, reads

    known = {name: empty(schema) for name, schema in TABLES.items()} | tables(intake_folder)
    latest = events.decision_versions(snapshot).unique("decision_id", keep="last", maintain_order=True)
    return dict(
        figures(
            approvals=events.approvals(snapshot, run_id),
            views=events.views(snapshot),
            overrides=events.overrides(snapshot),
            decisions=latest,
            inputs=reads.inputs(snapshot, run_id),
            rejected=reads.rejected(snapshot, run_id),
            enterprises=known["enterprises"],
            visits=known["visits"],
            ratings=reads.ratings(snapshot, run_id),
            planned=reads.planned_visits(snapshot, run_id),
        )
    )


@app.command()
def touched(
    enterprise: Annotated[str, typer.Argument(help="Enterprise id.")],
    record: Annotated[str, typer.Argument(help="Id of the record whose decision was revoked.")],
    since: Annotated[
        str, typer.Option(metavar="DAY", help="First day on which the record could be known.")
    ] = "1900-01-01",
    as_json: Json = False,
) -> None:
    """Runs that a revoked record may have reached, with the visits, bids and notices to recall.

    Example:  evenhand register touched cn:91210681MKUD65AE43 tax:2026-17 --since 2026-03-01
    """
    from models.store.session import open_store
    from models.store.touched import runs_touched

    with open_store(Settings().database, migrate=False) as store, store.snapshot() as snapshot:
        found = runs_touched(snapshot, enterprise, record, _day(since, "--since"))
    if as_json:
        console.print_json(found.to_dicts())
    else:
        rows = [tuple(str(cell) for cell in row) for row in found.iter_rows()]
        console.print_table(f"Runs that {record} reached", found.columns, rows)


@app.command("rotate-secret")
def rotate_secret() -> None:
    """Accept the person secret given now in place of the one before; the journal says since when.

    Put the new secret in EVENHAND_PERSON_SECRET_FILE first. Keys of persons change with it: run all sources again.

    Example:  evenhand register rotate-secret
    """
    from models.store import events, heads
    from models.store.session import open_store

    settings, moment = Settings(), datetime.now(UTC)
    with open_store(settings.database, migrate=False) as store, store.unit_of_work() as unit:
        events.expect_secret(unit, settings.secret(), moment, rotate=True)
        heads.sign_heads(unit, heads.signing_key(settings.root / "ledger.key"), moment)
        unit.commit()
    console.out.print("from now on this secret counts", markup=False)
