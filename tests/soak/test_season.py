"""A short season; `make soak` plays a long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.season import Season


@pytest.mark.slow
def test_three_nights_with_feedback_and_a_new_policy_are_verified(tmp_path: Path) -> None:
    nights = Season(tmp_path, enterprises=600).run(3)
    assert [night.fed_back > 0 for night in nights] == [False, True, True]
    assert len({sum(night.tiers.values()) for night in nights}) == 1
    assert nights[-1].peak_megabytes < 1.3 * nights[0].peak_megabytes
