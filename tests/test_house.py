"""The house holds: one direction of imports, a closed top level, no address of a machine or a registry."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import PROJECT


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    names = listed.split() or [str(p.relative_to(PROJECT)) for p in PROJECT.rglob("*.py") if ".venv" not in p.parts]
    return [name for name in names if (PROJECT / name).is_file()]


def test_import_contracts_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_locked_requirements_name_versions_and_hashes_but_no_address() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (PROJECT / "requirements" / name).read_text("utf-8")
        assert "://" not in text
        pinned = re.findall(r"^[a-z0-9][^\s=]*==\S+", text, flags=re.MULTILINE)
        assert len(pinned) > 50
        assert text.count("--hash=sha256:") >= len(pinned)


def test_no_file_of_code_has_grown_into_two() -> None:
    packages = ("flows/", "exports/", "models/", "config/")
    long = {
        name: lines
        for name in tracked()
        if name.startswith(packages)
        and name.endswith(".py")
        and (lines := len((PROJECT / name).read_text("utf-8").splitlines())) > 520
    }
    assert not long


def test_no_address_of_a_machine_or_registry_is_tracked() -> None:
    pattern = re.compile(r"(^|[^\w])/(work|farm)/[a-z]|bash[_]jobs|index[-]url|https?://[^ ]+/[s]imple")
    found = [
        name
        for name in tracked()
        if not name.endswith((".png", ".xlsx", ".parquet"))
        and pattern.search((PROJECT / name).read_text("utf-8", errors="ignore"))
    ]
    assert not found
