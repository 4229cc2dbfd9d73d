"""LocalStack 4.12 as a plain process, with our Lambda executor and Amazon MQ plugin."""

from __future__ import annotations

from functools import partial
from typing import Any

import bootstrap

from ...settings import STATE, Settings
from ..certificate import ensure_certificate
from ..ports import LOOPBACK
from ..stack import Stack
from .service import Service, ask


def localstack(stack: Stack, settings: Settings) -> Service:
    # -P: our folder `localstack/` must not hide LocalStack's package of the same name.
    python = str(bootstrap.python_of("localstack"))
    return Service(
        name="localstack",
        command=[python, "-P", "-m", f"{__package__}.localstack_process"],
        probe=partial(probe, stack.localstack_url),
        ports=(stack.ports.localstack,),
        environment=_environment(stack, settings),
        starts_after=1,
        # It loses its functions when it ends. An empty one would answer 404 to everything, so it is
        # not restarted: `make up` starts it and deploys again.
        restarts=False,
        stop_seconds=15,
    )


def prepare(stack: Stack) -> None:
    for name in ("localstack", "lambda", "tmp"):
        (stack.run / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    ensure_certificate(stack.certificate)


def _environment(stack: Stack, settings: Settings) -> dict[str, str]:
    first, last = stack.ports.localstack_internal
    return {
        "GATEWAY_LISTEN": f"{LOOPBACK}:{stack.ports.localstack}",
        # The address for clients: the front door.
        "LOCALSTACK_HOST": f"localhost:{stack.ports.public}",
        # localstack_process.py keeps this server on the loopback; the debugger's port would be open
        # to all.
        "GATEWAY_SERVER": "twisted",
        "DEVELOP": "0",
        # Common names: LocalStack would read settings of other programs.
        "DEBUG": "0",
        "SERVICES": "",
        # In a container it would assume to be in its own image, and write to /var/lib.
        "OVERRIDE_IN_DOCKER": "0",
        "FILESYSTEM_ROOT": str(stack.run / "localstack"),
        "LOCALSTACK_VOLUME_DIR": str(stack.run / "localstack"),
        "CUSTOM_SSL_CERT_PATH": str(stack.certificate),
        "EXTERNAL_SERVICE_PORTS_START": str(first),
        "EXTERNAL_SERVICE_PORTS_END": str(last),
        "HOME": str(stack.run),
        "TMPDIR": str(stack.run / "tmp"),
        "XDG_CACHE_HOME": str(STATE / "cache"),  # so that it never uses another ~/.cache/plux
        "DISABLE_EVENTS": "1",
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DNS_ADDRESS": "0",
        "IN_MEMORY_CLIENT": "1",
        "EAGER_SERVICE_LOADING": "0",
        "PERSISTENCE": "0",
        "LS_LOG": settings.localstack_log,
        "PYTHONWARNINGS": "ignore",
        "LAMBDA_RUNTIME_EXECUTOR": settings.lambda_executor,
        "TIDINGS_RUNTIME_PYTHON": str(bootstrap.python_of("runtime")),
        "TIDINGS_LAMBDA_DIR": str(stack.run / "lambda"),
        "TIDINGS_RUNNER_SOCKET": str(stack.runner_socket),
    }


def probe(endpoint: str) -> str:
    return str(_told(f"{endpoint}/_localstack/health")["version"])


def session_id(endpoint: str) -> str:
    """A new id after each start, by which a LocalStack without a deployment is recognised."""
    return str(_told(f"{endpoint}/_localstack/info")["session_id"])


def _told(url: str) -> Any:
    return ask(url).raise_for_status().json()
