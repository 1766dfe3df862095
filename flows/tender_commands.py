"""`evenhand tender`: points by tier, evaluation with its files, fairness lint, sensitivity."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from config.errors import CheckFailed, UsageError
from config.policy import load_policy
from config.settings import Settings
from flows import console
from flows.tender_material import Material, from_files, from_registers, opening_of

if TYPE_CHECKING:
    from models.tender import Evaluation
    from models.tender.case import TenderCase

app = typer.Typer(no_args_is_help=True, help="Tenders: credit points, evaluation, fairness, sensitivity.")

File = Annotated[Path, typer.Argument(help="OCDS package (.json), or the bids as workbook (.xlsx) or CSV.")]
Data = Annotated[Path | None, typer.Option(help="Folder with the registers; rated as of bid opening.")]
Source = Annotated[str, typer.Option(help="Source file of these registers.")]
Ratings = Annotated[Path | None, typer.Option(help="Ratings instead (ratings.csv of a run, or Parquet).")]
Lists = Annotated[Path | None, typer.Option(help="Lists for vetoes, with --ratings.")]
Enterprises = Annotated[Path | None, typer.Option(help="Enterprises (size, region, ownership), with --ratings.")]
Pack = Annotated[str, typer.Option("--policy", help="Policy pack.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DAY", help="Default: day of bid opening.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draw that breaks ties.")]
Schemas = Annotated[Path | None, typer.Option("--schema", help="Folder with the published OCDS schema files.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _cases(file: Path, schemas: Path | None) -> list[TenderCase]:
    from models.tender.sheet import read_tenders

    return read_tenders(file, schemas=schemas)


def _material(
    cases: list[TenderCase],
    data: Path | None,
    source: str,
    ratings: Path | None,
    lists: Path | None,
    enterprises: Path | None,
    pack: str,
    as_of: str | None,
) -> Material:
    day = opening_of(cases, _day(as_of))
    if data is not None:
        return from_registers(data, source, pack, day, Settings())
    if ratings is not None:
        return from_files(ratings, lists, enterprises, pack, day)
    raise UsageError("neither --data nor --ratings is given.", remedy="name the registers, or the ratings of a run")


def _day(text: str | None) -> Any:
    try:
        return None if text is None else datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise UsageError(f"--as-of: {text!r} is not a day.", remedy="write it as YYYY-MM-DD") from error


def _evaluated(case: TenderCase, material: Material, seed: int, queried_at: datetime | None = None) -> Evaluation:
    """One case over the material; lists and records only where the material answers for all of them."""
    from models.tender import evaluate as evaluated

    return evaluated(
        case,
        material.ratings,
        material.policy,
        listings=material.tables["listings"] if material.listed else None,
        enterprises=material.tables["enterprises"],
        decisions=material.tables["decisions"],
        links=material.tables["links"],
        records=material.tables["records"] if material.complete else None,
        queried_at=queried_at,
        seed=str(seed).encode(),
    )


@app.command()
def points(
    file: File,
    data: Data = None,
    source: Source = "generated",
    ratings: Ratings = None,
    enterprises: Enterprises = None,
    policy: Pack = "market",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Credit points by tier for each tender, the population they are neutral over, and equal treatment in numbers.

    Example:  evenhand tender points tender.json --data registers
    """
    from flows import tender_tables
    from models.tender import points_by_tier, population
    from models.tender.equal_treatment import equal_treatment

    cases = _cases(file, None)
    material = _material(cases, data, source, ratings, None, enterprises, policy, as_of)
    people = population(material.ratings, material.policy, material.tables["enterprises"])
    for case in cases:
        table = points_by_tier(material.policy, people, case)
        treatment = equal_treatment(material.ratings, material.tables["enterprises"], table)
        if as_json:
            console.print_json({"tender": case.id, **tender_tables.points_dict(table), "groups": treatment.to_dicts()})
        else:
            tender_tables.show_points(case, table, material.policy)
            tender_tables.show_treatment(treatment)


@app.command()
def evaluate(
    file: File,
    data: Data = None,
    source: Source = "generated",
    ratings: Ratings = None,
    lists: Lists = None,
    enterprises: Enterprises = None,
    policy: Pack = "market",
    as_of: AsOf = None,
    out: Annotated[Path | None, typer.Option(help="Folder for workbook, OCDS release and notices.")] = None,
    seed: Seed = 1,
    schemas: Schemas = None,
    notices: Annotated[bool, typer.Option(help="Write a notice (docx) to every bidder.")] = True,
    as_json: Json = False,
) -> None:
    """Who must be refused and why, every point with its clause, the ranking, the proposed awards.

    Example:  evenhand tender evaluate tender.json --data registers --out evaluation
    """
    from exports.bid_files import write_evaluation
    from flows import tender_tables

    cases = _cases(file, schemas)
    material = _material(cases, data, source, ratings, lists, enterprises, policy, as_of)
    found = []
    for case in cases:
        result = _evaluated(case, material, seed, datetime.now().astimezone())
        found.append(result)
        if not as_json:
            tender_tables.show_evaluation(result)
    paths = []
    if out is not None:
        tables = material.tables if material.complete else None
        for result in found:
            paths += write_evaluation(result, out, material.policy, material.ratings, tables, schemas, notices=notices)
    if as_json:
        console.print_json([result.to_dict() for result in found])
    elif paths:
        console.print_table("Written", ["path"], [(str(path),) for path in paths])


@app.command()
def lint(
    file: File, policy: Pack = "market", as_of: AsOf = None, schemas: Schemas = None, as_json: Json = False
) -> None:
    """What fair competition forbids the tender to look at, and everything else that is wrong with the file.

    Exit code 6 where something was found.  Example:  evenhand tender lint tender.json
    """
    from models.tender.linter import lint as linted

    cases = _cases(file, schemas)
    in_force = load_policy(policy).at(opening_of(cases, _day(as_of)))
    found = [(case.id, finding) for case in cases for finding in linted(case, in_force)]
    if as_json:
        console.print_json([{"tender": tender, **finding.__dict__} for tender, finding in found])
    elif not found:
        console.out.print(f"{file.name}: nothing to object to.", markup=False)
    else:
        rows = [(t, f.path, f.rule, f.message, f.clause, f.remedy) for t, f in found]
        console.print_table(f"{file.name}", ["tender", "path", "rule", "finding", "clause", "remedy"], rows)
    if found:
        raise CheckFailed(f"{len(found)} finding(s) in {file.name}.", remedy="change the tender before it is published")


@app.command()
def sensitivity(
    file: File,
    data: Data = None,
    source: Source = "generated",
    ratings: Ratings = None,
    lists: Lists = None,
    enterprises: Enterprises = None,
    policy: Pack = "market",
    as_of: AsOf = None,
    seed: Seed = 1,
    as_json: Json = False,
) -> None:
    """Would somebody else win without credit points? Winners from weight 0 to the cap, and without single records.

    Example:  evenhand tender sensitivity tender.json --data registers
    """
    from flows import tender_tables
    from models.tender.leave_out import leave_out
    from models.tender.sensitivity import sensitivity as worked_out

    cases = _cases(file, None)
    material = _material(cases, data, source, ratings, lists, enterprises, policy, as_of)
    for case in cases:
        result = _evaluated(case, material, seed)
        by_weight = worked_out(result, material.policy)
        left_out = leave_out(result, material.tables, material.ratings, material.policy) if material.complete else ()
        if as_json:
            console.print_json(tender_tables.sensitivity_dict(result, by_weight, left_out))
        else:
            tender_tables.show_sensitivity(result, by_weight, left_out)
