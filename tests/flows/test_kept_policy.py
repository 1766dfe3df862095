"""Policies stay as they were on the night they were used; an amended pack takes no past night with it."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from config.errors import PolicyError
from config.policy import PACKS, SCENARIOS
from config.settings import Settings
from exports.registers import write_registers
from flows import kept_policy
from flows.again import differences_of_run, steps
from flows.intake import input_hashes
from flows.kept_policy import keep_policy, under_kept_policy
from flows.run import RunContext, saved_runs
from flows.steps import write_json

AS_OF = date(2026, 11, 1)
AMENDED = """
    2026-11-02: {value: 45, reference: {instrument: demo-rubric, article: "note 9"}, verified: true}"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of the office's own."""
    shutil.copytree(PACKS / "market", tmp_path / "packs" / "market")
    return tmp_path / "packs" / "market"


@pytest.fixture
def context(tmp_path: Path, pack: Path) -> RunContext:
    return RunContext(
        settings=Settings(var=tmp_path / "var"),
        source="generated",
        data=tmp_path / "data",
        pack=str(pack),
        as_of=AS_OF,
        seed=1,
        period=(date(2026, 12, 1), date(2027, 2, 28)),
        out=tmp_path / "out",
    )


def _amend(pack: Path) -> None:
    """As an office does: a new value from a day on, below the one that held."""
    before, head, after = (pack / "redress.yaml").read_text("utf-8").partition("notice_wait:")
    held, line, rest = after.partition("verified: true}")
    (pack / "redress.yaml").write_text(before + head + held + line + AMENDED + rest, "utf-8")


def test_the_policy_of_a_past_run_is_found_by_its_digest(context: RunContext, pack: Path) -> None:
    digest = context.policy.digest
    keep_policy(context)
    keep_policy(context)  # again: nothing happens
    _amend(pack)
    then = under_kept_policy(context, digest)
    assert then.policy.digest == digest
    assert then.policy.redress.notice_wait_days == 30
    assert RunContext(**_plain(context)).policy.digest != digest


def test_a_scenario_is_kept_with_its_pack(context: RunContext, tmp_path: Path) -> None:
    own = tmp_path / "suspends.yaml"
    shutil.copyfile(SCENARIOS / "objection-suspends.yaml", own)
    changed = RunContext(**_plain(context) | {"scenario": own})
    digest = changed.policy.digest
    keep_policy(changed)
    own.unlink()
    assert under_kept_policy(changed, digest).policy.digest == digest


def test_a_pack_by_its_name_is_kept_too(context: RunContext) -> None:
    named = RunContext(**_plain(context) | {"pack": "market"})
    keep_policy(named)
    assert under_kept_policy(named, named.policy.digest).pack.endswith("/market")


def test_a_policy_that_was_not_kept_is_the_present_one(context: RunContext) -> None:
    assert under_kept_policy(context, "0" * 64) is context


def test_a_pack_that_changes_while_it_is_read_is_refused(context: RunContext, pack: Path) -> None:
    assert context.policy.digest
    _amend(pack)
    with pytest.raises(PolicyError, match="was changed while it was being read"):
        keep_policy(context)
    assert list((context.settings.root / "policies").iterdir()) == []


@pytest.mark.slow
def test_a_night_before_an_amendment_is_reproduced_after_it(context: RunContext, pack: Path) -> None:
    write_registers(context.data, 80, 1, AS_OF)
    keep_policy(context)
    run_id = context.run_id(input_hashes(context))
    steps(context, run_id, context.work(run_id))
    saved_runs(context.settings).mkdir()
    write_json(saved_runs(context.settings) / f"{run_id}.json", context.arguments(run_id))
    _amend(pack)
    assert differences_of_run(context.settings, run_id) == []
    shutil.rmtree(context.settings.root / kept_policy.FOLDER)
    assert any("has changed since" in line for line in differences_of_run(context.settings, run_id))


def _plain(context: RunContext) -> dict[str, object]:
    return {name: getattr(context, name) for name in RunContext.__dataclass_fields__}
