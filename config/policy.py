"""Policy packs: read a folder of YAML, refuse what has no legal basis, say what holds on a day."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config import in_force
from config.errors import PolicyError
from config.names import check_names, conditions
from config.pack_form import FILES, PackForm, dated_values
from config.resolve import Resolver
from config.yaml_files import read_yaml

__all__ = [
    "PACKS",
    "SCENARIOS",
    "PackForm",
    "PolicyBook",
    "conditions",
    "dated_values",
    "load_policy",
    "pack_names",
    "scenario_named",
]

PACKS = Path(__file__).parent / "policy"
SCENARIOS = Path(__file__).parent / "scenarios"

FormT = TypeVar("FormT", bound=BaseModel)


class PolicyBook:
    """A pack over time."""

    def __init__(self, form: PackForm, digest: str) -> None:
        self.form = form
        self.digest = digest

    @property
    def pack(self) -> str:
        return self.form.pack.id

    def change_dates(self) -> list[date]:
        """Every day on which something in the pack changes, ascending."""
        days = {day for _, dated in dated_values(self.form) for day in dated.change_dates()}
        return sorted(days | {self.form.pack.covers_from})

    def at(self, day: date) -> in_force.Policy:
        """The pack on `day`; PolicyError before its coverage or where a needed value is missing."""
        head = self.form.pack
        if day < head.covers_from:
            raise PolicyError(
                f"{head.id}: no policy on {day}; the first day covered is {head.covers_from}.",
                remedy="add the earlier text or move as_of",
            )
        if head.covers_to is not None and day >= head.covers_to:
            raise PolicyError(
                f"{head.id}: no policy on {day}; coverage ended on {head.covers_to}.",
                remedy="use the successor pack or move as_of",
            )
        return Resolver(self.form, day, self.digest).policy()


def _read_pack(folder: Path) -> tuple[dict[str, Any], str]:
    if not folder.is_dir():
        found = sorted(p.name for p in PACKS.iterdir() if p.is_dir())
        raise PolicyError(f"{folder.name}: no such policy pack.", remedy=f"use one of {', '.join(found)}")
    hasher = hashlib.sha256()
    raw: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.stem not in FILES:
            raise PolicyError(f"{path.name}: not a file of a policy pack.", remedy=f"use {', '.join(FILES)}")
        # newlines normalised: the same pack has the same digest on every system
        hasher.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
        raw[path.stem] = read_yaml(path)
    return raw, hasher.hexdigest()


def _overlay(raw: Any, change: Any) -> Any:
    """A scenario laid over a pack: mappings merge, everything else replaces."""
    if isinstance(raw, dict) and isinstance(change, dict):
        return raw | {key: _overlay(raw.get(key), value) for key, value in change.items()}
    return change


def _validated(form: type[FormT], raw: Any, where: str) -> FormT:
    try:
        return form.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        path = re.sub(r"`?datetime\.date\((\d+), (\d+), (\d+)\)`?", _iso, ".".join(map(str, first["loc"])))
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        if path.endswith("reference"):
            raise PolicyError(
                f"{where}: {path}: a value without a legal basis{more}.",
                remedy="add reference: {instrument, article}",
            ) from error
        message = f"{where}: {path}: {first['msg']}{more}."
        raise PolicyError(message, remedy="see docs/policy.md for the keys") from error


def _iso(found: re.Match[str]) -> str:
    return date(*(int(part) for part in found.groups())).isoformat()


def load_policy(pack: str | Path, scenario: Path | None = None) -> PolicyBook:
    """Read a pack by name (of config/policy) or folder, with an optional scenario laid over it.

    Raises PolicyError naming file, path and remedy: unknown keys, duplicate keys, values without reference,
    unordered dates, undefined names, bands that leave a gap on any day of change.
    """
    folder = Path(pack) if isinstance(pack, Path) or "/" in str(pack) else PACKS / pack
    raw, digest = _read_pack(folder)
    if scenario is not None:
        raw = _overlay(raw, read_yaml(scenario))
        digest = hashlib.sha256(f"{digest}\0{hashlib.sha256(scenario.read_bytes()).hexdigest()}".encode()).hexdigest()
    form = _validated(PackForm, raw, folder.name)
    if form.pack.id != folder.name:
        raise PolicyError(f"{folder.name}: pack.yaml says id {form.pack.id!r}.", remedy="make folder and id agree")
    check_names(form)
    book = PolicyBook(form, digest)
    for day in book.change_dates():
        if day >= form.pack.covers_from and (form.pack.covers_to is None or day < form.pack.covers_to):
            book.at(day)  # a gap or a contradiction shows now, not on the day somebody asks
    return book


def scenario_named(name: str | Path) -> Path:
    """A scenario by path, or by name of config/scenarios; PolicyError naming those there are."""
    path = Path(name)
    if path.is_file():
        return path
    named = SCENARIOS / f"{path.stem}.yaml"
    if path.parent != Path() or not named.is_file():
        there = ", ".join(sorted(p.stem for p in SCENARIOS.glob("*.yaml")))
        raise PolicyError(f"{name}: no such scenario.", remedy=f"name a file, or one of {there}")
    return named


def pack_names() -> list[str]:
    """Packs that come with the project."""
    return sorted(path.parent.name for path in PACKS.glob("*/pack.yaml"))
