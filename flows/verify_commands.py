"""`evenhand verify`: the ledger, a published draw, a past run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from config.errors import CheckFailed
from config.settings import Settings
from flows import console
from flows.prefect_home import prepare

app = typer.Typer(no_args_is_help=True, help="Verify the ledger, a published draw, or a past run.")


@app.command("ledger")
def verify_ledger(
    anchor: Annotated[list[Path] | None, typer.Option(help="Published tree heads to hold it against.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Public key (hex) of the heads' signer; default: this register's.")
    ] = None,
) -> None:
    """Recompute every seal, chain and signature of the register.

    Example:  evenhand verify ledger --anchor heads-2026-10.json
    """
    from models.store import heads
    from models.store.session import open_store
    from models.store.verify import verify_ledger as problems_of

    settings = Settings()
    own = settings.root / "ledger.key"
    public = key or (heads.public_key(heads.signing_key(own)) if own.exists() else None)
    anchors = [head for path in anchor or [] for head in heads.read_anchor(path)]
    with open_store(settings.database) as store:
        problems = problems_of(store, public_key=public, anchors=anchors)
    _verdict("ledger", [str(problem) for problem in problems])


@app.command("draw")
def verify_draw(
    folder: Annotated[Path, typer.Argument(help="Folder with draw.json, strata.csv and pool.csv as published.")],
    run_id: Annotated[str | None, typer.Option("--run", help="Also hold it against the register's run.")] = None,
) -> None:
    """Replay a published draw from its files alone. docs/draw.md says how to do it without evenhand.

    Example:  evenhand verify draw var/out/generated-2026-11-01/draw
    """
    from models.inspection import verify_draw as differences

    found = differences(folder)
    if run_id is not None:
        settings = Settings()
        prepare(settings.root)
        from flows.again import differences_of_draw
        from flows.run import saved

        found += differences_of_draw(settings, saved(settings, run_id).run_id, folder)
    _verdict(f"draw in {folder}", found)


@app.command("consign")
def verify_consign(
    folder: Annotated[Path, typer.Argument(help="Folder of a day with draw.json, pool.csv, chosen.csv and seed.txt.")],
) -> None:
    """Replay the draw of a day's consignments from its published files alone.

    Example:  evenhand verify consign var/out/consign-generated/2026-11-03
    """
    from models.consignment.publication import verify_published

    _verdict(f"draw in {folder}", verify_published(folder))


@app.command("run")
def verify_run(
    run_id: Annotated[str, typer.Argument(help="Run id, or the beginning of it.")],
) -> None:
    """Do a past run again from its inputs and say where it differs from what the register holds.

    Example:  evenhand verify run 8c62c223
    """
    settings = Settings()
    prepare(settings.root)
    from flows.again import differences_of_run

    _verdict(f"run {run_id}", differences_of_run(settings, run_id))


@app.command("files")
def verify_files(
    run_id: Annotated[str | None, typer.Argument(help="Run id, or the beginning of it; default: the last one.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where its files lie; default: where they were delivered.")
    ] = None,
) -> None:
    """Hold delivered files against the register: exchanged, missing or foreign ones are named.

    Example:  evenhand verify files 8c62c223
    """
    settings = Settings()
    prepare(settings.root)
    from flows.register import file_digests
    from flows.run import saved
    from models.store.recompute import verify_files as problems_of
    from models.store.session import open_store

    run = saved(settings, run_id)
    place = folder or run.context.out
    found = {name: sha for name, sha in file_digests(place).items() if not name.rpartition("/")[2].startswith(".")}
    with open_store(settings.database, migrate=False) as store:
        problems = problems_of(store, run.run_id, found)
    _verdict(f"files in {place}", [str(problem) for problem in problems])


def _verdict(what: str, problems: list[str]) -> None:
    for problem in problems:
        console.out.print(f"  {problem}", markup=False)
    if problems:
        raise CheckFailed(f"{what}: {len(problems)} problems.", remedy="see the lines above; do not publish from here")
    console.out.print(f"{what}: verified, nothing differs", markup=False)
