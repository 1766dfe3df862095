"""What prefect.yaml names exists, takes the parameters it gives, and waits its turn."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.errors import InputError, PolicyError
from config.settings import Settings
from flows.prefect_home import prepare
from flows.run import usual_out
from tests.conftest import PROJECT

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((PROJECT / "prefect.yaml").read_text("utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda given: str(given["name"]))
def test_every_deployment_names_a_flow_and_fitting_parameters(deployment: dict[str, Any], tmp_path: Path) -> None:
    prepare(tmp_path)
    from prefect.flows import load_flow_from_entrypoint

    path, name = deployment["entrypoint"].split(":")
    flow = load_flow_from_entrypoint(f"{PROJECT / path}:{name}")
    triggered = {name: "x" for trigger in deployment.get("triggers", ()) for name in trigger["parameters"]}
    flow.validate_parameters(deployment["parameters"] | triggered)
    assert set(deployment["parameters"] | triggered) <= set(flow.parameters.properties)
    assert deployment["work_pool"]["name"] == "evenhand"


def test_nights_queue_and_the_demonstration_does_not_start_by_itself() -> None:
    night = next(deployment for deployment in DEPLOYMENTS if deployment["name"] == "night")
    assert night["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
    assert [schedule["active"] for schedule in night["schedules"]] == [False]


def test_nothing_is_written_into_the_folder_of_the_program() -> None:
    """It may be read-only, as in compose.yaml: workbooks go below EVENHAND_VAR, as those of `evenhand run` do."""
    given = [str(value) for deployment in DEPLOYMENTS for value in deployment["parameters"].values()]
    assert [value for value in given if value.startswith("var")] == []
    settings = Settings(var=Path("/var/evenhand"))
    assert usual_out(settings, "own/food.yaml", date(2026, 11, 1)) == Path("/var/evenhand/out/food-2026-11-01")


def test_a_refusal_is_told_by_its_place_never_by_its_words(tmp_path: Path) -> None:
    prepare(tmp_path)
    from flows.deployments import why

    said = InputError("cell 210602199001011234 is no date", file="tax.csv", row=7, rule="type")
    told = {"kind": "InputError", "exit_code": 3, "file": "tax.csv", "row": 7, "rule": "type"}
    assert why(said) == told
    assert why(PolicyError("no value on 1999-01-01")) == {"kind": "PolicyError", "exit_code": 4}
