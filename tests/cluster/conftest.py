"""A local object store that speaks S3, and the mappers of every runner, two workers each."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from models.intake.bucket import Bucket
from models.rating.errand import Mapper

RUNNERS = ("thread", "process", "dask", "ray")
STORE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """Environment of an object store on loopback with the bucket `lake`; set here, so that workers inherit it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = STORE | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    import fsspec

    fsspec.filesystem("s3").mkdir("lake")
    yield given
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    server.stop()


@pytest.fixture
def bucket(s3: dict[str, str], tmp_path: Path) -> Bucket:
    """An empty prefix of that store."""
    return Bucket("s3://lake") / tmp_path.name


@pytest.fixture(scope="module", params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def over(runner: str, s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapper]:
    """Two workers of this runner; afterwards none of their processes is left."""
    from flows.workers import mapper

    with mapper(Settings(var=tmp_path_factory.mktemp("var"), task_runner=runner, workers=2)) as found:
        yield found
    assert left_over() == []


def left_over() -> list[str]:
    """Command lines of worker processes that this process has left behind."""
    import psutil  # comes with requirements/cluster-dev.txt, as moto does

    psutil.wait_procs(psutil.Process().children(recursive=True), timeout=10)
    lines = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(child.cmdline()))
    return [line for line in lines if line and "resource_tracker" not in line]
