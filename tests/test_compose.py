"""What compose.yaml, Dockerfile and the Kubernetes sketch name exists; no secret and no registry stands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from config.settings import Settings
from flows.cli import app

PROJECT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SKETCH = [
    document
    for block in re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "cluster.md").read_text("utf-8"), re.S)
    for document in yaml.safe_load_all(block)
]


def containers(thing: Any) -> Iterator[dict[str, Any]]:
    """Every container of the sketch."""
    if isinstance(thing, dict):
        yield from thing.get("containers", [])
        for value in thing.values():
            yield from containers(value)
    elif isinstance(thing, list):
        for value in thing:
            yield from containers(value)


def environments() -> Iterator[tuple[str, str]]:
    for service in SERVICES.values():
        yield from ((name, str(value)) for name, value in service.get("environment", {}).items())
    for container in containers(SKETCH):
        yield from ((one["name"], one["value"]) for one in container.get("env", []))


def commands() -> Iterator[list[str]]:
    for service in SERVICES.values():
        words = service.get("command", [])
        if words[:2] == ["sh", "-ec"]:
            for line in words[2].splitlines():
                yield from (shlex.split(part) for part in line.split(" || "))
        elif service["image"] == "evenhand":
            yield words
    yield from (container["command"] for container in containers(SKETCH))


def test_every_setting_exists() -> None:
    named = {name for name, _ in environments() if name.startswith("EVENHAND_")}
    assert len(named) > 5
    assert named <= {f"EVENHAND_{field}".upper() for field in Settings.model_fields}


def test_prefects_settings_exist() -> None:
    from prefect.settings import Settings as PrefectSettings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(PrefectSettings)) | {"PREFECT_UI_API_URL"}
    assert {name for name, _ in environments() if name.startswith("PREFECT_")} <= known


def test_every_command_exists() -> None:
    scripts = {point.name for point in entry_points(group="console_scripts")} | {"python"}
    named = get_command(app).commands  # type: ignore[attr-defined]
    seen = set()
    for words in commands():
        if words[0] == "dask":
            pytest.importorskip("distributed", reason="make test-cluster installs requirements/cluster-dev.txt")
            import distributed.cli.dask_scheduler
            import distributed.cli.dask_worker

            command = {"scheduler": distributed.cli.dask_scheduler, "worker": distributed.cli.dask_worker}[words[1]]
            options = {
                option for parameter in command.main.params for option in (*parameter.opts, *parameter.secondary_opts)
            }
            assert {word for word in words if word.startswith("--")} <= options
        assert words[0] in scripts, words
        if words[0] == "evenhand":
            command = named[words[1]]
            command = command.commands[words[2]] if hasattr(command, "commands") else command
            options = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options
        seen.add(words[0])
    assert seen == {"python", "evenhand", "prefect", "dask"}


def test_every_secret_is_a_file_that_is_declared() -> None:
    declared = set(COMPOSE["secrets"])
    for name, service in SERVICES.items():
        assert set(service.get("secrets", [])) <= declared, name
        for value in service.get("environment", {}).values():
            found = re.fullmatch(r"/run/secrets/(\w+)", str(value))
            assert not found or found[1] in service["secrets"], (name, value)
    for name, value in environments():
        if re.search(r"PASSWORD|SECRET|SEED|CREDENTIALS|DATABASE_URL|USER_FILE", name):
            assert name.endswith("_FILE"), name
            assert value.startswith("/run/secrets/"), name
    made = (PROJECT / "docs" / "cluster.md").read_text("utf-8")
    assert {name for name in declared if f"> secrets/{name}" not in made} == set()


def test_no_registry_and_nothing_published_beyond_this_machine() -> None:
    images = {service["image"] for service in SERVICES.values()} | {one["image"] for one in containers(SKETCH)}
    assert not [
        image for image in images if "." in image.split("/")[0].split(":")[0] or ":" in image.split("/")[0][:-3]
    ]
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_services_name_one_another_rightly() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("depends_on", {})) <= set(SERVICES), name
        for value in service.get("environment", {}).values():
            host = re.match(r"(?:http|tcp)://([a-z]+)[:/]", str(value))
            assert not host or host[1] in SERVICES, (name, value)
    volumes = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", []) if not v.startswith(".")}
    assert volumes == set(COMPOSE["volumes"])


def test_who_waits_for_a_healthy_one_waits_for_one_that_can_tell() -> None:
    for name, service in SERVICES.items():
        waits = service.get("depends_on", {})
        for other in waits if isinstance(waits, dict) else ():
            checked = waits[other]["condition"] == "service_healthy"
            assert not checked or "healthcheck" in SERVICES[other], (name, other)
    assert "-h" in SERVICES["database"]["healthcheck"]["test"]  # a socket answers before others can connect
    assert SERVICES["prepare"]["depends_on"]["prefect"]["condition"] == "service_healthy"


def test_what_must_be_written_can_be_written_though_the_image_is_read_only() -> None:
    ours = {name: service for name, service in SERVICES.items() if service["image"] == "evenhand"}
    for name, service in ours.items():
        assert service["read_only"], name
        places = dict(place.partition(":")[::2] for place in service["tmpfs"])
        assert "uid=10001" in places["/home/evenhand"], name  # else it has the image's mode and root for an owner
    assert SERVICES["prefect"]["environment"]["PREFECT_UI_STATIC_DIRECTORY"].startswith("/tmp/")
    image = (PROJECT / "Dockerfile").read_text("utf-8")
    volume = re.findall(r"^VOLUME (\S+)$", image, re.M)
    for setting in ("EVENHAND_VAR", "NUMBA_CACHE_DIR"):
        assert [re.findall(rf"\b{setting}=(/\w+/\w+)", image)] == [volume], setting


def test_a_dask_worker_may_use_its_containers_memory() -> None:
    """Dask's own default is the container's memory divided by the machine's cores."""
    workers = [words for words in commands() if words[:2] == ["dask", "worker"]]
    assert [words[words.index("--memory-limit") + 1] for words in workers] == ["1.0", "1.0"]


def test_the_image_of_a_cluster_holds_nothing_that_only_tests_need() -> None:
    texts = [(PROJECT / "requirements" / name).read_text("utf-8") for name in ("cluster.txt", "cluster-dev.txt")]
    locked, dev = (set(re.findall(r"^([\w.-]+)==(\S+)", text, re.M)) for text in texts)
    assert locked <= dev
    assert {"pytest", "mypy", "moto"} <= {name for name, _ in dev - locked}
    assert {"distributed", "prefect-dask", "s3fs"} <= {name for name, _ in locked}


def test_the_image_holds_what_is_there_and_runs_as_nobody_special() -> None:
    lines = (PROJECT / "Dockerfile").read_text("utf-8").splitlines()
    copied = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert {"config/", "models/", "exports/", "flows/", "requirements/"} <= set(copied)
    assert all((PROJECT / name).exists() for name in copied)
    assert [line for line in lines if line.startswith("USER")] == ["USER evenhand"]
    kept = {line[1:] for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert {name.rstrip("/") for name in copied} == kept
