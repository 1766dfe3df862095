"""What prefect.yaml names exists and takes the parameters it gives."""

from __future__ import annotations

from pathlib import Path

import yaml

from flows.prefect_home import prepare
from tests.conftest import PROJECT


def test_every_deployment_names_a_flow_and_fitting_parameters(tmp_path: Path) -> None:
    prepare(tmp_path)
    from prefect.flows import load_flow_from_entrypoint

    deployments = yaml.safe_load((PROJECT / "prefect.yaml").read_text("utf-8"))["deployments"]
    assert deployments
    for deployment in deployments:
        path, name = deployment["entrypoint"].split(":")
        flow = load_flow_from_entrypoint(f"{PROJECT / path}:{name}")
        flow.validate_parameters(deployment["parameters"])
        assert deployment["concurrency_limit"] == 1
