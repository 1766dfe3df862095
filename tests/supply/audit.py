"""Known vulnerabilities of the locked packages: `make audit`.

    python -m tests.supply.audit [--where-it-answers] [--osv FOLDER]

pip-audit asks an advisory service; where that does not answer it still ends with exit code 0, so its answer is looked
at and not its exit code. A package that was not audited counts as not audited, never as clean.
Without a network: `--osv FOLDER` with the records of https://osv.dev (a JSON file each) fetched by who has one.

Exit codes: 0 everything audited and nothing known; 1 something is known; 3 not audited. With `--where-it-answers` 3
becomes a loud line and 0: for machines of a CI that may have no network.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tests.supply.bill import LOCK, Locked, locked

KNOWN, NOT_AUDITED = 1, 3
Ask = Callable[[list[Locked]], dict[str, Any]]


@dataclass(frozen=True)
class Found:
    """What came of an audit."""

    audited: int
    known: tuple[str, ...]  # package version: advisory, …
    not_audited: tuple[str, ...]  # package: why


def ask_service(packages: list[Locked]) -> dict[str, Any]:
    """pip-audit's JSON for these packages; an empty answer where it could not say anything."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        for one in packages:
            file.write(
                f"{one.name}=={one.version} " + " ".join(f"--hash=sha256:{digest}" for digest in one.hashes) + "\n"
            )
        file.flush()
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "-r",
            file.name,
            "--disable-pip",
            "--require-hashes",
            "-f",
            "json",
        ]
        done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        return dict(json.loads(done.stdout))
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return {"dependencies": [{"name": one.name, "skip_reason": last[0]} for one in packages]}


def audit(packages: list[Locked], ask: Ask = ask_service) -> Found:
    """Ask about one package first: where the service does not know even that one, the others are not asked about."""
    if packages and (first := _read(packages[:1], ask(packages[:1]))).not_audited:
        reason = first.not_audited[0].partition(": ")[2]
        return Found(0, (), tuple(f"{one.name}: {reason}" for one in packages))
    return _read(packages, ask(packages))


def _read(packages: list[Locked], answer: dict[str, Any]) -> Found:
    told: dict[str, Any] = {canonicalize_name(part["name"]): part for part in answer.get("dependencies", [])}
    known, missing = [], []
    for one in packages:
        part = told.get(one.name, {"skip_reason": "no answer"})
        if "vulns" not in part:
            missing.append(f"{one.name}: {part.get('skip_reason', 'no answer')}")
        elif part["vulns"]:
            known.append(f"{one.name} {one.version}: {', '.join(v['id'] for v in part['vulns'])}")
    return Found(len(packages) - len(missing), tuple(known), tuple(missing))


def audit_offline(packages: list[Locked], folder: Path) -> Found:
    """Against OSV records in a folder; a folder without one about PyPI says nothing about anything."""
    records = [json.loads(path.read_text("utf-8")) for path in sorted(folder.rglob("*.json"))]
    named: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for record in records:
        for part in record.get("affected", []):
            package = part.get("package", {})
            if package.get("ecosystem") == "PyPI" and "withdrawn" not in record:
                named.setdefault(canonicalize_name(package["name"]), []).append((record["id"], part))
    if not named:
        return Found(0, (), tuple(f"{one.name}: no advisory about PyPI in {folder}" for one in packages))
    known = []
    for one in packages:
        ids = sorted({record for record, part in named.get(one.name, []) if _affects(part, one.version)})
        known += [f"{one.name} {one.version}: {', '.join(ids)}"] if ids else []
    return Found(len(packages), tuple(known), ())


def _affects(part: dict[str, Any], version: str) -> bool:
    """OSV's rule: listed by name, or in a range from `introduced` to before `fixed` or up to `last_affected`."""
    if version in part.get("versions", ()):
        return True
    return any(
        _within(found.get("events", ()), version) for found in part.get("ranges", ()) if found["type"] == "ECOSYSTEM"
    )


def _within(events: Any, version: str) -> bool:
    here, inside = Version(version), False
    for event in events:
        ((kind, text),) = event.items()
        try:
            at = Version("0" if text == "0" else text)
        except InvalidVersion:
            continue
        if kind == "introduced" and here >= at:
            inside = True
        if (kind == "fixed" and here >= at) or (kind == "last_affected" and here > at):
            inside = False
    return inside


def tell(found: Found, *, where_it_answers: bool) -> int:
    """Print what came of it; the exit code."""
    for line in found.known:
        print(f"VULNERABLE {line}", file=sys.stderr)
    if found.not_audited:
        count, total = len(found.not_audited), found.audited + len(found.not_audited)
        print(f"NOT AUDITED: {count} of {total} locked packages, e.g. {found.not_audited[0]}.", file=sys.stderr)
        print("Nothing is known about them. Remedy: a network, or --osv FOLDER (docs/operations.md)", file=sys.stderr)
    else:
        print(f"{found.audited} locked packages audited, {len(found.known)} with known vulnerabilities")
    if found.known:
        return KNOWN
    return NOT_AUDITED if found.not_audited and not where_it_answers else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--where-it-answers", action="store_true", help="not audited is told and is no failure")
    parser.add_argument("--osv", type=Path, help="folder with OSV records")
    given = parser.parse_args()
    packages = locked(LOCK)
    found = audit(packages) if given.osv is None else audit_offline(packages, given.osv)
    return tell(found, where_it_answers=given.where_it_answers)


if __name__ == "__main__":
    sys.exit(main())
