"""Prometheus beside a stack, and Grafana, Loki, Alloy and Jaeger where they are installed.

They belong to the stack from `make monitoring` until `make down`. Their configuration is in
infra/monitoring; the launcher adds the addresses of the stack.
"""

from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

from ...settings import ROOT
from ..certificate import certificate_beside
from ..credentials import Credentials, write_private
from ..ports import LOOPBACK
from ..programs import ALLOY, GRAFANA, JAEGER, LOKI, PROMETHEUS, Program, is_installed, location
from ..stack import Stack
from .service import Service, ask

CONFIGURATION = ROOT / "infra" / "monitoring"
KEPT = "7d"
TRACES = "/v1/traces"
GRAFANA_HOMES = ("/usr/share/grafana", "/opt/homebrew/opt/grafana/share/grafana")


def services(stack: Stack, credentials: Credentials) -> list[Service]:
    """Return what runs beside this stack; nothing unless `make monitoring` was called."""
    if not stack.monitoring_mark.is_file():
        return []
    write_configuration(stack, credentials, stack.etc / "monitoring")
    optional = {GRAFANA: _grafana, LOKI: _loki, ALLOY: _alloy, JAEGER: _jaeger}
    found = [make(stack) for program, make in optional.items() if is_installed(program)]
    return [_prometheus(stack), *found]


def write_configuration(stack: Stack, credentials: Credentials, folder: Path) -> None:
    """Copy the configuration into a folder, and write the stack's addresses beside it."""
    shutil.copytree(CONFIGURATION, folder, dirs_exist_ok=True)
    ports = stack.ports
    jobs = {
        "functions": ports.public,
        "runner": ports.runner_metrics,
        "bridge": ports.bridge,
        "live": ports.live,
        "rabbitmq": ports.rabbitmq_prometheus,
    }
    targets = folder / "prometheus" / "targets"
    write_targets(stack, targets, {job: f"{LOOPBACK}:{port}" for job, port in jobs.items()})
    write_private(targets / "metrics-token", credentials.metrics_token)


def write_container_targets(stack: Stack, credentials: Credentials, folder: Path) -> None:
    """Write the addresses by which Prometheus in a container reaches the other containers."""
    jobs = {
        "functions": f"runner:{stack.ports.public}",
        "runner": "runner:9101",
        "bridge": "bridge:4571",
        "live": "live:4580",
        "rabbitmq": "rabbitmq:15692",
    }
    write_targets(stack, folder, jobs)
    (folder / "metrics-token").write_text(credentials.metrics_token)
    for each in (folder, *folder.iterdir()):  # Prometheus' user is another; see docker.py
        each.chmod(0o755 if each.is_dir() else 0o644)


def write_targets(stack: Stack, folder: Path, jobs: dict[str, str]) -> None:
    """Write the address of each job, and the certificate of the API."""
    folder.mkdir(exist_ok=True)
    api = {"__metrics_path__": "/_aws/execute-api/tidings/local/metrics"}
    for job, address in jobs.items():
        labels = {"stack": stack.name} | (api if job == "functions" else {})
        (folder / f"{job}.json").write_text(json.dumps([{"targets": [address], "labels": labels}]))
    public = certificate_beside(stack.certificate)
    (folder / "ca.crt").write_text(public.read_text() if public.is_file() else "")


def addresses(stack: Stack, *, in_containers: bool = False) -> list[str]:
    """Return the lines that tell where the programs answer."""
    if not stack.monitoring_mark.is_file():
        return []
    ports = stack.ports
    lines = [f"Prometheus http://{LOOPBACK}:{ports.prometheus} (alerts: /alerts)"]
    if in_containers or is_installed(GRAFANA):
        lines.append(f"Grafana    http://{LOOPBACK}:{ports.grafana}")
    if in_containers or is_installed(JAEGER):
        collector = "jaeger:4318" if in_containers else f"{LOOPBACK}:{ports.jaeger_otlp}"
        lines += [
            f"Jaeger     http://{LOOPBACK}:{ports.jaeger}",
            f"           spans come after TIDINGS_TRACES=http://{collector}{TRACES} make deploy",
        ]
    return lines


def missing() -> list[Program]:
    """Return the programs without which a part is left out."""
    return [each for each in (GRAFANA, LOKI, ALLOY, JAEGER) if not is_installed(each)]


def _prometheus(stack: Stack) -> Service:
    port, folder = stack.ports.prometheus, stack.etc / "monitoring" / "prometheus"
    return Service(
        name="prometheus",
        command=[
            location(PROMETHEUS),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={stack.data / 'prometheus'}",
            f"--storage.tsdb.retention.time={KEPT}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ],
        probe=partial(_probe, port, "/-/ready"),
        ports=(port,),
        starts_after=4,
    )


def _grafana(stack: Stack) -> Service:
    port, folder = stack.ports.grafana, stack.etc / "monitoring" / "grafana"
    home = next((each for each in GRAFANA_HOMES if Path(each).is_dir()), GRAFANA_HOMES[0])
    return Service(
        name="grafana",
        command=[location(GRAFANA), "server", "--homepath", home],
        probe=partial(_probe, port, "/api/health"),
        ports=(port,),
        environment={
            "GF_SERVER_HTTP_ADDR": LOOPBACK,
            "GF_SERVER_HTTP_PORT": str(port),
            "GF_PATHS_DATA": str(stack.data / "grafana"),
            "GF_PATHS_LOGS": str(stack.logs),
            "GF_PATHS_PLUGINS": str(stack.data / "grafana" / "plugins"),
            "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
            # The loopback is the only way in; visitors may look, and change nothing.
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
            "GF_AUTH_DISABLE_LOGIN_FORM": "true",
            "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(
                folder / "dashboards" / "overview.json"
            ),
            "TIDINGS_PROMETHEUS_URL": f"http://{LOOPBACK}:{stack.ports.prometheus}",
            "TIDINGS_LOKI_URL": f"http://{LOOPBACK}:{stack.ports.loki}",
            "TIDINGS_DASHBOARDS": str(folder / "dashboards"),
        },
        starts_after=5,
    )


def _loki(stack: Stack) -> Service:
    port = stack.ports.loki
    return Service(
        name="loki",
        command=[
            location(LOKI),
            f"-config.file={stack.etc / 'monitoring' / 'loki' / 'loki.yml'}",
            "-config.expand-env=true",
        ],
        probe=partial(_probe, port, "/ready"),
        ports=(port, stack.ports.loki_grpc),
        environment={
            "TIDINGS_LOKI_ADDRESS": LOOPBACK,
            "TIDINGS_LOKI_PORT": str(port),
            "TIDINGS_LOKI_GRPC_PORT": str(stack.ports.loki_grpc),
            "TIDINGS_LOKI_DATA": str(stack.data / "loki"),
        },
        starts_after=4,
    )


def _alloy(stack: Stack) -> Service:
    port = stack.ports.alloy
    return Service(
        name="alloy",
        command=[
            location(ALLOY),
            "run",
            f"--server.http.listen-addr={LOOPBACK}:{port}",
            f"--storage.path={stack.data / 'alloy'}",
            "--disable-reporting",
            str(stack.etc / "monitoring" / "alloy" / "config.alloy"),
        ],
        probe=partial(_probe, port, "/-/ready"),
        ports=(port,),
        environment={
            "TIDINGS_LOGS": str(stack.logs),
            "TIDINGS_LOKI_URL": f"http://{LOOPBACK}:{stack.ports.loki}",
            "TIDINGS_STACK_NAME": stack.name,
        },
        starts_after=5,
    )


def _jaeger(stack: Stack) -> Service:
    ports = stack.ports
    return Service(
        name="jaeger",
        command=[
            location(JAEGER),
            f"--config={stack.etc / 'monitoring' / 'jaeger' / 'jaeger.yml'}",
        ],
        probe=partial(_probe, ports.jaeger, "/"),
        ports=(ports.jaeger, ports.jaeger_otlp, ports.jaeger_grpc),
        environment={
            "TIDINGS_JAEGER_ADDRESS": LOOPBACK,
            "TIDINGS_JAEGER_PORT": str(ports.jaeger),
            "TIDINGS_JAEGER_OTLP_PORT": str(ports.jaeger_otlp),
            "TIDINGS_JAEGER_GRPC_PORT": str(ports.jaeger_grpc),
        },
        starts_after=4,
    )


def _probe(port: int, path: str) -> str:
    ask(f"http://{LOOPBACK}:{port}{path}").raise_for_status()
    return ""
