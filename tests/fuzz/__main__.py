"""`python -m tests.fuzz [--runs N] [--seconds S] [TARGET…]`: each target in a process of its own, then a table.

An input that breaks a target stays under var/fuzz/<target>/; once mended it belongs into MENDED
(tests/fuzz/test_targets.py).
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import PROJECT
from tests.fuzz.targets import TARGETS

MEGABYTES, SECONDS_EACH = 3000, 30  # a single input may take so much


def run(name: str, runs: int, seconds: int, root: Path) -> tuple[str, bool]:
    """Fuzz one target; a line for the table, and whether it held."""
    folder = root / name
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    options = [f"-runs={runs}", f"-max_total_time={seconds}", f"-timeout={SECONDS_EACH}", f"-rss_limit_mb={MEGABYTES}"]
    command = [sys.executable, "-m", "tests.fuzz.one", name, *options, f"-artifact_prefix={folder}/", "-seed=1"]
    begun = time.perf_counter()
    done = subprocess.run([*command, str(folder / "corpus")], cwd=PROJECT, capture_output=True, text=True, check=False)
    (folder / "log.txt").write_text(done.stdout + done.stderr, "utf-8")
    inputs = max(map(int, re.findall(r"^#(\d+)\s", done.stderr, re.MULTILINE)), default=0)
    features = max(map(int, re.findall(r"ft: (\d+)", done.stderr)), default=0)
    held = done.returncode == 0
    seen = f"{inputs:>8,} inputs {time.perf_counter() - begun:7.1f} s {features:>7,} features"
    return f"{name:<14} {'held' if held else 'BROKEN'} {seen}" + ("" if held else f"  see {folder}/log.txt"), held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    given = parser.parse_args()
    if unknown := sorted(set(given.targets) - set(TARGETS)):
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    good = True
    for name in given.targets or TARGETS:
        line, held = run(name, given.runs, given.seconds, Path("var/fuzz").resolve())
        print(line, flush=True)
        good &= held
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
