"""The addresses of MongoDB, both services of Redis and RabbitMQ."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from ...errors import LauncherError

SCHEMES = {
    "TIDINGS_MONGODB_URI": ("mongodb", "mongodb+srv"),
    "TIDINGS_REDIS_URL": ("redis", "rediss"),
    "TIDINGS_CACHE_REDIS_URL": ("redis", "rediss"),
    "TIDINGS_AMQP_URL": ("amqp", "amqps"),
}


@dataclass(frozen=True)
class Connections:
    mongodb_uri: str
    redis_url: str
    cache_redis_url: str
    amqp_url: str

    @property
    def broker_login(self) -> dict[str, str]:
        parts = urlsplit(self.amqp_url)
        return {
            "username": unquote(parts.username or "guest"),
            "password": unquote(parts.password or "guest"),
        }


def check_url(variable: str, url: str) -> None:
    schemes = SCHEMES[variable]
    if urlsplit(url).scheme not in schemes:
        raise LauncherError(f"{variable} must begin with {schemes[0]}://, not {without_login(url)}")


def without_login(url: str) -> str:
    """Return a URL without its user and password, for output."""
    before, at, after = url.rpartition("@")
    if not at:
        return url
    scheme, separator, _ = before.partition("://")
    return f"{scheme}{separator}{after}"
