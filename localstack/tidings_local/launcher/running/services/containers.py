"""The stack's containers: their addresses for each other, and their checks from this machine."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address
from urllib.parse import urlsplit

from ...errors import LauncherError
from ...settings import Settings
from ..credentials import Credentials
from ..ports import LOOPBACK
from ..stack import Stack
from . import bridge, live, localstack
from .connections import Connections, without_login
from .service import External, ask

SMTP_URL = "smtp://mailpit:1025"

STORES = {
    "rabbitmq": "TIDINGS_AMQP_URL",
    "redis": "TIDINGS_REDIS_URL",
    "redis-cache": "TIDINGS_CACHE_REDIS_URL",
    "mongodb": "TIDINGS_MONGODB_URI",
    "mailpit": "TIDINGS_SMTP_URL",
}
"""The containers that a URL replaces, with its variable."""


def urls(settings: Settings) -> dict[str, str | None]:
    """Return the URL that replaces each container, if there is one."""
    return {
        "rabbitmq": settings.amqp_url,
        "redis": settings.redis_url,
        "redis-cache": settings.cache_redis_url,
        "mongodb": settings.mongodb_uri,
        "mailpit": settings.smtp_url,
    }


def inner_connections(settings: Settings, credentials: Credentials) -> Connections:
    """Return the addresses that functions and the bridge use.

    Raises:
        LauncherError: a URL names this machine's loopback, which no container can reach.
    """
    for name, url in urls(settings).items():
        if url and is_loopback(url):
            raise LauncherError(
                f"{STORES[name]} {without_login(url)}: a container cannot reach this address",
                hint="with ENGINE=docker, name a host that containers and this machine can reach",
            )
    user, password = credentials.rabbitmq_user, credentials.rabbitmq_password
    return Connections(
        settings.mongodb_uri or "mongodb://mongodb:27017/?directConnection=true",
        settings.redis_url or f"redis://:{credentials.redis_password}@redis:6379/0",
        settings.cache_redis_url
        or f"redis://:{credentials.redis_cache_password}@redis-cache:6379/0",
        settings.amqp_url or f"amqp://{user}:{password}@rabbitmq:5672/%2F",
    )


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or "localhost"
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def containers(stack: Stack, settings: Settings) -> list[External]:
    """Return the containers besides those that `members` checks by their URLs."""
    ports = stack.ports
    found = {
        "localstack": (stack.localstack_url, localstack.probe),
        "runner": (stack.endpoint, localstack.probe),
        "bridge": (f"http://{LOOPBACK}:{ports.bridge}", lambda _: bridge.probe(ports.bridge)),
        "live": (f"http://{LOOPBACK}:{ports.live}", lambda _: live.probe(ports.live)),
    }
    if not settings.smtp_url:
        found["mailpit"] = (f"http://{LOOPBACK}:{ports.mailpit}", _mailpit)
    return [
        External(name, url, "", partial(probe), is_foreign=False)
        for name, (url, probe) in found.items()
    ]


def _mailpit(url: str) -> str:
    return str(ask(f"{url}/api/v1/info").raise_for_status().json()["Version"])
