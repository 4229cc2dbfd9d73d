"""RabbitMQ of the system's package, with all files in the stack's folder, and its own epmd."""

from __future__ import annotations

import contextlib
import logging
from functools import partial

from ...settings import ROOT
from ..credentials import Credentials
from ..ports import LOOPBACK
from ..programs import EPMD, RABBITMQ, location
from ..stack import Stack
from .service import PROBE_TIMEOUT_SECONDS, Service, answers

GREETING = b"AMQP\x00\x00\x09\x01"
"""The header of AMQP 0-9-1: the server begins to open a connection."""


def epmd(stack: Stack) -> Service:
    port = stack.ports.epmd
    return Service(
        name="epmd",
        command=[location(EPMD), "-port", str(port), "-address", LOOPBACK],
        probe=partial(answers, port),
        ports=(port,),
        # It refuses its kill command while nodes are registered, but not a signal.
        starts_after=1,
        stop_seconds=2,
    )


def rabbitmq(stack: Stack, credentials: Credentials) -> Service:
    ports = stack.ports
    return Service(
        name="rabbitmq",
        command=[location(RABBITMQ)],
        probe=partial(probe, local_url(stack, credentials)),
        greeting=GREETING,
        ports=(ports.amqp, ports.rabbitmq_management, ports.rabbitmq_prometheus, ports.erlang),
        environment=_environment(stack),
        starts_after=2,
        stop_seconds=20,
    )


def local_url(stack: Stack, credentials: Credentials) -> str:
    user, password = credentials.rabbitmq_user, credentials.rabbitmq_password
    return f"amqp://{user}:{password}@{LOOPBACK}:{stack.ports.amqp}/%2F"


def write_configuration(stack: Stack, credentials: Credentials) -> None:
    shared = (ROOT / "infra" / "rabbitmq" / "rabbitmq.conf").read_text()
    own = stack.etc / "rabbitmq.conf"
    own.touch(mode=0o600)
    own.write_text(shared + "\n".join(_settings(stack, credentials)) + "\n")
    plugins = (ROOT / "infra" / "rabbitmq" / "enabled_plugins").read_text()
    (stack.etc / "enabled_plugins").write_text(plugins)
    (stack.etc / "rabbitmq-env.conf").write_text("")  # instead of the machine's own
    for folder in ("rabbitmq", "rabbitmq-home"):
        (stack.data / folder).mkdir(mode=0o700, exist_ok=True)


def _settings(stack: Stack, credentials: Credentials) -> list[str]:
    ports = stack.ports
    return [
        f"listeners.tcp.local = {LOOPBACK}:{ports.amqp}",
        f"management.tcp.ip = {LOOPBACK}",
        f"management.tcp.port = {ports.rabbitmq_management}",
        f"prometheus.tcp.ip = {LOOPBACK}",
        f"prometheus.tcp.port = {ports.rabbitmq_prometheus}",
        f"default_user = {credentials.rabbitmq_user}",
        f"default_pass = {credentials.rabbitmq_password}",
    ]


def _environment(stack: Stack) -> dict[str, str]:
    data, etc = stack.data / "rabbitmq", stack.etc
    return {
        "HOME": str(stack.data / "rabbitmq-home"),  # the folder of Erlang's cookie
        "ERL_EPMD_PORT": str(stack.ports.epmd),
        "ERL_EPMD_ADDRESS": LOOPBACK,
        "RABBITMQ_DIST_PORT": str(stack.ports.erlang),
        "RABBITMQ_NODENAME": f"tidings-{stack.name}-{stack.identity}@localhost",
        "RABBITMQ_CONF_ENV_FILE": str(etc / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(etc / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(etc / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(etc / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(data),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(stack.run / "rabbitmq-config"),
        "RABBITMQ_PID_FILE": str(stack.run / "rabbitmq.pid"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_LOG_BASE": str(stack.logs),  # for messages that it does not write to its output
        "ERL_CRASH_DUMP": str(stack.logs / "erl_crash.dump"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        # Makes the start script become Erlang instead of waiting for it, so that the supervisor
        # watches and stops the server itself.
        "RUNNING_UNDER_SYSTEMD": "true",
    }


def probe(url: str) -> str:
    import pika  # takes a tenth of a second, for which no deployment should wait

    logging.getLogger("pika").setLevel(logging.CRITICAL)
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = PROBE_TIMEOUT_SECONDS
    parameters.stack_timeout = 2 * PROBE_TIMEOUT_SECONDS
    with contextlib.closing(pika.BlockingConnection(parameters)) as connection:
        server = connection._impl.server_properties
    version = server.get("version", "") if server else ""
    return version.decode() if isinstance(version, bytes) else str(version)
