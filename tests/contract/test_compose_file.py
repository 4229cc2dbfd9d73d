"""infra/docker-compose.yaml keeps the house's rules for containers, and agrees with the launcher.

`make lint` checks it against Compose's own schema, and the Dockerfile by hadolint.
"""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import bootstrap
from tests.contract.project import ROOT
from tidings_local.launcher.running.ports import Ports
from tidings_local.launcher.running.services import localstack
from tidings_local.launcher.running.services.bridge import bridge
from tidings_local.launcher.running.services.connections import Connections
from tidings_local.launcher.running.services.containers import STORES
from tidings_local.launcher.running.services.live import live
from tidings_local.launcher.running.services.runner import runner
from tidings_local.launcher.running.services.service import Service
from tidings_local.launcher.running.stack import Stack
from tidings_local.launcher.settings import Settings

FILE: Final = ROOT / "infra" / "docker-compose.yaml"
DOCKERFILE: Final = ROOT / "infra" / "docker" / "Dockerfile"
OF_LIVE: Final = ROOT / "infra" / "live" / "Dockerfile"
OWN_IMAGES: Final = ("tidings-local:", "tidings-live:")
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text())
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = {"localstack", "runner", "bridge", "live"}
EXACT_VERSION: Final = re.compile(r":v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?$|@sha256:[0-9a-f]{64}$")
PROCESS_ONLY: Final = {
    # The image sets these itself.
    *("HOME", "TMPDIR", "XDG_CACHE_HOME", "PYTHONPATH"),
    # Code in an image does not change; `docker compose up --build` makes another one.
    "TIDINGS_LIVE_CODE",
    "SERVICES",  # other programs' variables are not in a container
    # A container's ports are its own.
    *("EXTERNAL_SERVICE_PORTS_START", "EXTERNAL_SERVICE_PORTS_END"),
}
CONTAINER_ONLY: Final = {
    *("PYTHONPATH", "TIDINGS_ANY_INTERFACE", "TIDINGS_BRIDGE_HOST", "TIDINGS_METRICS_HOST"),
    # The launcher gives a process these only if they are set.
    *("TIDINGS_LAMBDA_MAX_ENVIRONMENTS", "TIDINGS_LAMBDA_KEEPALIVE_SECONDS"),
}
each_service = pytest.mark.parametrize("name", SERVICES)


def listed(name: str, option: str) -> list[str]:
    return [str(each) for each in SERVICES[name].get(option, [])]


def test_without_a_profile_the_services_are_those_of_the_launcher() -> None:
    found = {name for name, service in SERVICES.items() if not service.get("profiles")}
    assert found == OURS | STORES.keys()


@each_service
def test_image_has_an_exact_version(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image.startswith(OWN_IMAGES) if name in OURS else EXACT_VERSION.search(image)


@each_service
def test_container_runs_without_root_and_without_capabilities(name: str) -> None:
    service = SERVICES[name]
    if name in OURS:
        for file in (DOCKERFILE, OF_LIVE):
            assert re.search(r"^USER 10001:10001$", file.read_text(), re.MULTILINE)
        assert "user" not in service
    else:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@each_service
def test_container_has_limits_and_a_health_check(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["logging"]["options"]["max-size"]


@each_service
def test_ports_are_published_on_the_loopback_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in listed(name, "ports"))
    assert SERVICES[name].get("network_mode") is None


@each_service
def test_configuration_is_mounted_read_only_and_exists(name: str) -> None:
    mounted = [each for each in listed(name, "volumes") if each.startswith((".", "$", "/"))]
    assert all(each.endswith(":ro") for each in mounted)
    files = [each.partition(":")[0] for each in mounted if each.startswith(".")]
    assert [each for each in files if not (FILE.parent / each).exists()] == []


@each_service
def test_named_volumes_are_declared(name: str) -> None:
    named = {each.partition(":")[0] for each in listed(name, "volumes") if each[0].isalpha()}
    assert named <= COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", sorted(STORES))
def test_services_with_a_url_can_be_left_out(name: str) -> None:
    variable = f"TIDINGS_SCALE_{name.upper().replace('-', '_')}"
    assert SERVICES[name]["scale"] == f"${{{variable}:-1}}"


def as_processes(folder: Path) -> dict[str, Service]:
    stack, settings = Stack("tests", folder / "a" / "b" / "c", Ports(41000)), Settings()
    connections = Connections("mongodb://m/", "redis://r/", "redis://c/", "amqp://a/")
    services = [
        localstack.localstack(stack, settings),
        runner(stack, settings),
        bridge(stack, settings, connections),
        live(stack, settings, connections),
    ]
    return {service.name: service for service in services}


@pytest.mark.parametrize("name", sorted(OURS))
def test_container_and_process_get_the_same_variables(name: str, tmp_path: Path) -> None:
    process = set(as_processes(tmp_path)[name].environment)
    container = set(SERVICES[name]["environment"])
    assert process - container <= PROCESS_ONLY
    assert container - process <= CONTAINER_ONLY


def test_image_of_the_live_inbox_gets_only_what_it_copies() -> None:
    copied = re.findall(r"^COPY (.*) \S+$", OF_LIVE.read_text(), re.MULTILINE)
    places = [each for line in copied for each in line.split()]
    ignored = OF_LIVE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    assert all((ROOT / each).exists() for each in places)
    kept = [each.removeprefix("!") for each in ignored if each.startswith("!")]
    assert all(any(Path(each).match(pattern) for pattern in kept) for each in places)


def test_image_has_the_environments_that_its_commands_name() -> None:
    installed = re.search(r"bootstrap\.py install (.*) \\$", DOCKERFILE.read_text(), re.MULTILINE)
    assert installed is not None
    sets = set(installed[1].split())
    assert all((bootstrap.REQUIREMENTS / f"{each}.txt").is_file() for each in sets)
    named = set(re.findall(r"\.tidings/venvs/(\w+)", FILE.read_text() + DOCKERFILE.read_text()))
    assert named <= sets
