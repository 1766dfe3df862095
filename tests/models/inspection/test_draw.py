"""The draw: probabilities as published, blind to names and places, replayable by thirty lines without evenhand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.inspection import draw, keyed, make_plan, publish_draw
from tests.models.inspection.world import world

README = Path(__file__).parents[3] / "README.md"


def test_the_thirty_lines_of_the_readme_replay_a_published_draw(tmp_path: Path) -> None:
    """In a process that cannot see evenhand, on the files that are published after approval."""
    found = make_plan(world(n=3000, inspectors=15)).draw
    publish_draw(found, tmp_path / "draw", revealed=True)
    section = README.read_text(encoding="utf-8").split("## Replaying a draw without evenhand")[1].split("\n## ")[0]
    code = re.search(r"```python\n(.*?)```", section, re.S)
    assert code is not None
    assert len(code.group(1).splitlines()) <= 30
    (tmp_path / "replay.py").write_text(code.group(1), encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-W", "ignore", str(tmp_path / "replay.py"), str(tmp_path / "draw")]

    def replayed() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    done = replayed()
    drawn = int(found.pool["drawn"].sum())
    assert done.stdout == f"the draw replays: {drawn} of {found.pool.height} firms\n", done.stderr
    honest = (tmp_path / "draw" / "pool.csv").read_text()
    for lie, complaint in (
        (honest.replace(",true", ",false", 1), "was drawn otherwise"),
        (honest.replace(",false", ",true", 1), "was drawn otherwise"),
        ("\n".join(honest.splitlines()[:-1]) + "\n", "not the pool announced"),
    ):
        (tmp_path / "draw" / "pool.csv").write_text(lie)
        told = replayed()
        assert told.returncode != 0
        assert complaint in told.stderr


def test_nothing_published_before_approval_gives_the_draw_away(tmp_path: Path) -> None:
    found = make_plan(world(n=1000)).draw
    publish_draw(found, tmp_path / "draw", revealed=False)
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "draw").iterdir()}
    assert set(texts) == {"announcement.json", "quotas.csv", "pool.csv"}
    head = json.loads(texts["announcement.json"])
    assert (head["commitment"], head["pool_hash"]) == (found.commitment, found.pool_hash)
    assert found.seed not in "".join(texts.values())
    assert texts["pool.csv"].splitlines()[0] == "enterprise_id,stratum,measure,per_million"
    assert "n" not in texts["quotas.csv"].splitlines()[0].split(",")


def _frequencies(measure: np.ndarray, quota: int, seeds: int) -> np.ndarray:
    names = [f"cn:{at:05d}" for at in range(len(measure))]
    hits = np.zeros(len(measure))
    for seed in range(seeds):
        key = seed.to_bytes(4, "big")
        n = int(draw.whole(np.array([quota]), keyed.number(key, "start") % draw.MICRO)[0])
        hits += draw.pareto(keyed.units(key, names), measure, n, names)
    return hits / seeds


@pytest.mark.parametrize("quota", [400_000, 1_000_000, 3_700_000])
def test_even_chances_are_exact(quota: int) -> None:
    """10,000 seeds, 12 equal firms: each within four standard errors of the published probability."""
    seeds, measure = 10_000, np.ones(12)
    published = draw.probabilities(measure, quota)
    error = np.sqrt(published * (1 - published) / seeds)
    assert published.sum() == pytest.approx(quota / 1e6)
    assert (np.abs(_frequencies(measure, quota, seeds) - published) < 4 * error).all()


def test_chances_by_risk_keep_their_targets() -> None:
    """10,000 seeds, 40 firms of unlike risk, 8.5 visits: within four standard errors and 1% (Pareto's own error)."""
    measure = np.linspace(20, 400, 40)
    published = draw.probabilities(measure, 8_500_000)
    error = np.sqrt(published * (1 - published) / 10_000)
    off = np.abs(_frequencies(measure, 8_500_000, 10_000) - published)
    assert (off < 4 * error + published / 100).all()


def test_strata_keep_their_quotas_on_average_and_totals_always() -> None:
    quotas = np.array([300_000, 150_000, 1_250_000, 20_000, 780_000])
    found = np.array([draw.whole(quotas, start) for start in range(0, draw.MICRO, 500)])
    assert np.abs(found.mean(axis=0) - quotas / 1e6).max() < 0.001
    assert set(found.sum(axis=1)) <= {2, 3}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 1000), min_size=2, max_size=30), st.randoms(use_true_random=False), st.binary(min_size=1)
)
def test_position_changes_no_chance(measure: list[int], chance: object, seed: bytes) -> None:
    names = [f"cn:{at}" for at in range(len(measure))]
    n = len(names) // 2
    order = list(range(len(names)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    straight = draw.pareto(keyed.units(seed, names), np.array(measure, float), n, names)
    mixed_names = [names[at] for at in order]
    mixed = draw.pareto(keyed.units(seed, mixed_names), np.array(measure, float)[order], n, mixed_names)
    assert {n for n, hit in zip(names, straight, strict=True) if hit} == {
        n for n, hit in zip(mixed_names, mixed, strict=True) if hit
    }
    assert straight.sum() == n


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=40), st.integers(0, 45))
def test_targets_are_probabilities_that_sum_to_n(measure: list[int], n: int) -> None:
    p = draw.targets(np.array(measure, float), n)
    assert ((p >= 0) & (p <= 1)).all()
    assert p.sum() == pytest.approx(min(n, len(measure)))


def test_no_firm_of_the_pool_is_without_a_chance() -> None:
    plan = make_plan(world(n=3000, inspectors=24))
    reachable = plan.draw.pool.join(
        plan.draw.strata.filter(plan.draw.strata["random_quota"] > 0), on="stratum", how="semi"
    )
    assert len(reachable) == len(plan.draw.pool)
    assert reachable["per_million"].min() > 0
