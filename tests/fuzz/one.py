"""One target under atheris (started by tests.fuzz with libFuzzer's options: `python -m tests.fuzz.one csv -runs=9`)."""

from __future__ import annotations

import logging
import sys

import atheris  # type: ignore[import-untyped]

from tests.conftest import PROJECT

# what numba compiles it must get as it is written
COMPILED = [
    ".".join(path.relative_to(PROJECT).with_suffix("").parts)
    for path in (PROJECT / "models").rglob("*.py")
    if "numba" in path.read_text("utf-8")
]
with atheris.instrument_imports(include=["models", "config", "exports"], exclude=COMPILED):
    from tests.fuzz.targets import TARGETS, attack, hold


def main(name: str, options: list[str]) -> None:
    logging.disable(logging.CRITICAL)
    target = TARGETS[name]
    if hold(target, target.good()) is None:
        sys.exit(f"{name}: the good file is refused")
    atheris.Setup([name, *options], lambda data: (attack(target, data), None)[1])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
