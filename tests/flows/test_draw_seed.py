"""The seed of a draw is the office's secret and the number of --seed; both name the run."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest

from config.errors import UsageError
from config.settings import Settings
from flows.run import RunContext, next_quarter


def context(settings: Settings, seed: int = 1) -> RunContext:
    day = date(2026, 11, 1)
    return RunContext(settings, "generated", settings.root, "market", day, seed, next_quarter(day), settings.root)


def test_a_secret_makes_another_seed_that_can_be_committed_to_beforehand(tmp_path: Path) -> None:
    file = tmp_path / "seed.txt"
    file.write_text("k" * 64 + "\n")
    plain, secret = context(Settings(var=tmp_path)), context(Settings(var=tmp_path, draw_seed_file=file))
    assert secret.seed_bytes == ("k" * 64 + ":1").encode()
    assert plain.run_id({}) != secret.run_id({}) != context(Settings(var=tmp_path, draw_seed_file=file), 2).run_id({})
    committed = hashlib.sha256(b"k" * 64 + b":1").hexdigest()
    assert hashlib.sha256(secret.seed_bytes).hexdigest() == committed


@pytest.mark.parametrize("text", [None, "short"])
def test_a_missing_or_short_seed_file_is_refused(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "seed.txt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match="openssl rand"):
        _ = context(Settings(var=tmp_path, draw_seed_file=file)).seed_bytes
