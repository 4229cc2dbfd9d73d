"""The cookies of the console. Scripts cannot read them, and other sites cannot send them."""

from typing import Final

# `__Host-`: only for this host, only by HTTPS, for all paths (RFC 6265bis).
PREFIX: Final = "__Host-console-"
SESSION: Final = f"{PREFIX}session"
VISITOR: Final = f"{PREFIX}visitor"
DEVICE: Final = f"{PREFIX}device"
NOTICE: Final = f"{PREFIX}notice"
LANGUAGE: Final = f"{PREFIX}language"
THEME: Final = f"{PREFIX}theme"

A_YEAR: Final = 365 * 24 * 3600
A_MINUTE: Final = 60


def kept(name: str, value: str, seconds: int | None = None) -> str:
    """Return a `Set-Cookie` header; without a time the browser forgets it at its end."""
    lifetime = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{lifetime}"


def forgotten(name: str) -> str:
    """Return the `Set-Cookie` header that removes a cookie."""
    return kept(name, "", 0)
