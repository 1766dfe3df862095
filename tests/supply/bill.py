"""The bill of materials of a run: `make sbom` writes var/sbom.json (CycloneDX 1.6) without the network.

    python -m tests.supply.bill [FILE]

Locked versions and their hashes come from requirements/run.txt, licences and the graph from what is installed; a
package that is locked, wanted on this machine and not installed as locked is an error, and so is one without a hash or
with a licence that tests/supply/licences.yaml does not allow.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import ExpressionError, Licensing  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from models.whole import write_text
from tests.conftest import PROJECT

LOCK = PROJECT / "requirements" / "run.txt"
LICENCES = Path(__file__).with_name("licences.yaml")


@dataclass(frozen=True)
class Locked:
    """One line of a lock file."""

    name: str  # canonical
    version: str
    hashes: tuple[str, ...]  # sha256, hex
    wanted: bool  # its marker holds on this machine


def locked(path: Path = LOCK) -> list[Locked]:
    """Every package of a lock file, as it stands there."""
    joined = re.sub(r"\\\n\s*", " ", path.read_text("utf-8"))
    return [_locked(line) for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _locked(line: str) -> Locked:
    text, *hashes = re.split(r"\s+--hash=sha256:", line.strip())
    one = Requirement(text)
    pins = [pin.version for pin in one.specifier if pin.operator == "=="]
    if len(pins) != 1:
        raise ValueError(f"Expected one exact version, got {text!r}.")
    return Locked(canonicalize_name(one.name), pins[0], tuple(hashes), one.marker is None or one.marker.evaluate())


def installed() -> dict[str, Any]:
    """What stands in this environment, as cyclonedx-py sees it."""
    made = [sys.executable, "-m", "cyclonedx_py", "environment", sys.executable, "--output-reproducible"]
    project = ["--pyproject", str(PROJECT / "pyproject.toml"), "--no-validate"]
    done = subprocess.run([*made, *project], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def bill(lock: list[Locked], found: dict[str, Any]) -> dict[str, Any]:
    """The bill: `found` without everything that a run does not need, with the hashes of the lock.

    Raises ValueError naming the packages that are locked and wanted here but not installed as locked.
    """
    wanted = {one.name: one for one in lock if one.wanted}
    parts: dict[str, Any] = {canonicalize_name(part["name"]): part for part in found["components"]}
    amiss = [n for n, one in wanted.items() if n not in parts or parts[n]["version"] != one.version]
    if amiss:
        raise ValueError(f"Not installed as locked: {', '.join(sorted(amiss))}. Remedy: make test installs them.")
    kept = [parts[name] | {"externalReferences": _with_hashes(parts[name], wanted[name])} for name in sorted(wanted)]
    refs = {part["bom-ref"] for part in kept} | {found["metadata"]["component"]["bom-ref"]}
    graph = [
        edge | {"dependsOn": [ref for ref in edge.get("dependsOn", []) if ref in refs]}
        for edge in found["dependencies"]
        if edge["ref"] in refs
    ]
    return found | {"components": kept, "dependencies": graph}


def _with_hashes(part: dict[str, Any], one: Locked) -> list[dict[str, Any]]:
    hashes = [{"alg": "SHA-256", "content": digest} for digest in one.hashes]
    purl = f"pkg:pypi/{one.name}@{one.version}"
    lock = {"type": "distribution", "url": purl, "comment": "hashes of requirements/run.txt", "hashes": hashes}
    return [*part.get("externalReferences", []), lock]


def invalid(made: dict[str, Any]) -> str | None:
    """What CycloneDX's own schema says against a bill; None where it is valid. Looks at no network."""
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made))
    return None if found is None else str(found)


def licences_of(part: dict[str, Any]) -> list[str]:
    """Licences a component declares: SPDX ids, expressions, classifiers."""
    named = part.get("licenses", [])
    return [one.get("expression") or one["license"].get("id") or one["license"]["name"] for one in named]


def not_allowed(made: dict[str, Any], terms: dict[str, Any]) -> list[str]:
    """Components whose licence the list does not cover, with what they declare."""
    return [
        f"{part['name']}: {', '.join(licences_of(part)) or 'none declared'}"
        for part in made["components"]
        if canonicalize_name(part["name"]) not in terms["looked_at"]
        and not _covered(licences_of(part), set(terms["allowed"]), terms["spelling"])
    ]


def _covered(declared: list[str], allowed: set[str], spelling: dict[str, str]) -> bool:
    """Whether everything declared is allowed; of an OR one side is enough."""
    said = [spelling.get(one, one) for one in declared]
    try:
        return bool(said) and all(_holds(Licensing().parse(one), allowed) for one in said)
    except ExpressionError:  # prose in place of a licence
        return False


def _holds(expression: Any, allowed: set[str]) -> bool:
    parts = getattr(expression, "args", ())
    if not parts:
        return str(expression).split(" WITH ")[0] in allowed
    either = type(expression).__name__ == "OR"
    return (any if either else all)(_holds(part, allowed) for part in parts)


def terms() -> dict[str, Any]:
    """tests/supply/licences.yaml."""
    return dict(yaml.safe_load(LICENCES.read_text("utf-8")))


def main(out: Path) -> None:
    """Write the bill; nothing is written when something is amiss."""
    lock = locked()
    made = bill(lock, installed())
    amiss = [f"{one.name}: no hash" for one in lock if not one.hashes] + not_allowed(made, terms())
    if problem := invalid(made):
        amiss.append(problem)
    if amiss:
        sys.exit("bill of materials: " + "; ".join(amiss))
    write_text(out, json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    print(f"{out}: {len(made['components'])} of {len(lock)} locked packages, valid CycloneDX 1.6, licences allowed")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/sbom.json"))
