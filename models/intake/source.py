"""Source files by name or path, checked against the nouns they fill."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

import config
from config.errors import InputError, PolicyError
from config.in_force import Policy
from config.policy import load_policy
from config.source_forms import Source, TableForm
from config.yaml_files import read_yaml
from models.intake.columns import headings_used
from models.records import TABLES

SOURCES = Path(config.__file__).parent / "sources"


def source_names() -> list[str]:
    """Sources that come with the project."""
    return sorted(path.stem for path in SOURCES.glob("*.yaml"))


def load_source(name_or_path: str | Path) -> Source:
    """A source of config/sources by name, or any file. Raises InputError naming file, key and remedy."""
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        path = SOURCES / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(source_names())
            raise InputError(f"no source {str(name_or_path)!r}.", remedy=f"use one of {known}, or a path to a .yaml")
    try:
        source = Source.model_validate(read_yaml(path))
    except PolicyError as error:
        raise InputError(error.message, file=path.name, remedy=error.remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {first['msg']}."
        raise InputError(
            message, file=path.name, rule="source_form", remedy="see docs/sources.md for the keys"
        ) from error
    for number, table in enumerate(source.tables):
        _check_table(path.name, f"tables.{number}", table)
    return source


def own_policy(source: Source, policy: Policy) -> Policy | None:
    """The pack the source was written for, on the same day; None where it is the one that rates, or has no law then."""
    if source.policy == policy.pack:
        return None
    book = load_policy(source.policy)
    head = book.form.pack
    covered = head.covers_from <= policy.as_of and (head.covers_to is None or policy.as_of < head.covers_to)
    return book.at(policy.as_of) if covered else None


def _check_table(file: str, where: str, table: TableForm) -> None:
    if table.fills not in TABLES:
        known = ", ".join(TABLES)
        raise InputError(
            f"{where}.fills: no table {table.fills!r}.", file=file, rule="source_form", remedy=f"use {known}"
        )
    unknown = sorted(set(table.columns) - set(TABLES[table.fills]))
    if unknown:
        known = ", ".join(TABLES[table.fills])
        message = f"{where}.columns: {table.fills} has no column {', '.join(unknown)}."
        raise InputError(message, file=file, rule="source_form", remedy=f"use {known}")
    if table.fills == "links" and (table.columns.get("person_key") is None or not table.columns["person_key"].person):
        message = f"{where}.columns.person_key: needs `person: <namespace>`, so that the identifier is hashed."
        raise InputError(message, file=file, rule="source_form")


def needed_headings(table: TableForm) -> set[str]:
    """Headings that the file itself must have for this table."""
    used = {heading for form in table.columns.values() for heading in headings_used(form)}
    used |= {where.column for where in table.where}
    given = {here for join in table.join for here in join.take.values()}
    for join in table.join:
        used |= set(join.match)
    if table.unpivot is not None:
        used |= set(table.unpivot.columns)
        given |= {table.unpivot.name, table.unpivot.value}
    if table.latest is not None:
        used |= {table.latest.per, *((table.latest.by,) if table.latest.by else ()), *table.latest.earliest.values()}
        given |= {*table.latest.earliest, *filter(None, (table.latest.day, table.latest.count))}
    if table.sharing is not None:
        used.add(table.sharing.heading)
        given.add(table.sharing.name)
    return used - given
