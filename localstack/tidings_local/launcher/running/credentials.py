"""The secrets of each stack: made once, stored with its data, readable by its owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

PASSWORD_BYTES = 24


@dataclass(frozen=True)
class Credentials:
    rabbitmq_user: str
    rabbitmq_password: str
    redis_password: str
    redis_cache_password: str
    signing_keys: dict[str, Any]
    delivery_key: str
    metrics_token: str


def load_or_make(folder: Path) -> Credentials:
    """Return the stack's secrets; those that an older version did not have are made now."""
    file = folder / "secrets.json"
    kept = json.loads(file.read_text()) if file.is_file() else {}
    if kept.keys() == set(Credentials.__dataclass_fields__):
        return Credentials(**kept)
    made = replace(make(), **kept)
    write_private(file, json.dumps(asdict(made), indent=2))
    return made


def keep_signing_keys(folder: Path, signing_keys: dict[str, Any]) -> None:
    """Save rotated keys, because a restarted LocalStack loses them."""
    kept = replace(load_or_make(folder), signing_keys=signing_keys)
    write_private(folder / "secrets.json", json.dumps(asdict(kept), indent=2))


def make() -> Credentials:
    from .signing_keys import make_signing_keys  # imports cryptography, once for each stack

    return Credentials(
        rabbitmq_user=f"tidings-{secrets.token_hex(4)}",
        rabbitmq_password=secrets.token_urlsafe(PASSWORD_BYTES),
        redis_password=secrets.token_urlsafe(PASSWORD_BYTES),
        redis_cache_password=secrets.token_urlsafe(PASSWORD_BYTES),
        signing_keys=make_signing_keys(),
        delivery_key=secrets.token_urlsafe(PASSWORD_BYTES),
        metrics_token=secrets.token_urlsafe(PASSWORD_BYTES),
    )


def write_private(file: Path, text: str) -> None:
    """Write a file that is private from its first byte, completely or not at all."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    draft.rename(file)
