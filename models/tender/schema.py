"""A package against the published OCDS schema (and the bids extension laid over it), by jsonschema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.errors import InputError
from models.tender.merge import merge

FILES = ("release-schema.json", "release-package-schema.json", "record-package-schema.json")
EXTENSION = "bid-extension-release-schema.json"
SHOWN = 5


def check_schema(package: Mapping[str, Any], schemas: Path, file: str = "package") -> None:
    """Raises InputError naming the first places that break the schema, with what the schema expects there.

    `schemas`: folder with the files of FILES as published, and EXTENSION where bids are to be checked.
    """
    from jsonschema import Draft4Validator, FormatChecker
    from referencing import Registry
    from referencing.jsonschema import DRAFT4

    release = merge(_read(schemas / FILES[0]), _read(schemas / EXTENSION, needed=False))
    kind = FILES[2] if "records" in package else FILES[1]
    whole = _read(schemas / kind)
    registry: Any = Registry().with_resource(release["id"], DRAFT4.create_resource(release))
    record = {"type": "object", "properties": {"compiledRelease": {"$ref": release["id"]}}}
    for target in _references(whole) - {release["id"]}:
        if target.startswith("http"):
            registry = registry.with_resource(target, DRAFT4.create_resource(record))
    validator = Draft4Validator(whole, registry=registry, format_checker=FormatChecker())
    errors = sorted(validator.iter_errors(package), key=lambda e: [str(part) for part in e.absolute_path])
    if errors:
        raise InputError(_listed(errors), file=file, rule="ocds-schema", remedy="correct these fields in the export")


def _listed(errors: list[Any]) -> str:
    lines = [f"#/{'/'.join(map(str, e.absolute_path))}: {_short(e.message)}" for e in errors[:SHOWN]]
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return "; ".join(lines) + more + "."


def _short(message: str, longest: int = 200) -> str:
    return message if len(message) <= longest else f"{message[:longest]}…"


def _references(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        found = {str(schema["$ref"])} if isinstance(schema.get("$ref"), str) else set()
        return found.union(*(_references(value) for value in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_references(value) for value in schema))
    return set()


def _read(path: Path, needed: bool = True) -> dict[str, Any]:
    if not needed and not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the schema ({error}).",
            file=str(path),
            remedy="give the folder with the published OCDS 1.1 schema files",
        ) from error
    return dict(found)
