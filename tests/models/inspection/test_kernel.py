"""The improvement kernel on published instances of another problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.inspection import kernel
from tests.bench import yagiura


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(("name", "best"), [("c10400", 5597), ("d10400", 24961), ("e05200", 24930), ("e40400", 44561)])
def test_assignment_instances_end_within_a_percent_of_the_best_known(shared_data: Path, name: str, best: int) -> None:
    cost, missing = yagiura.solve(kernel, shared_data / "assignment" / name, yagiura.STEPS)
    assert missing == 0
    assert best <= cost <= best * 1.01
