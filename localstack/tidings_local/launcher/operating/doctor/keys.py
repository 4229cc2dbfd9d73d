"""Checks of secrets and keys: those that functions read are the right ones, and not too old."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...deploying.deploy import SECRETS_PREFIX, secret_values
from ...running.signing_keys import public_keys
from .finding import Finding, Section, bad, listed, ok, warn
from .installation import Installation

ROTATE = "make rotate-keys"
STORE_AGAIN = "make down, make up (stores the stack's secrets again)"
ROTATE_DAYS = 90
SIGNING, PUBLIC = "signing-keys", "public-keys"


def check_secrets(installation: Installation) -> Finding:
    """Compare the secrets that functions read with those of the stack."""
    wanted = secret_values(installation.members, installation.settings)
    return secrets_finding(read_secrets(installation, [*wanted, PUBLIC]), wanted)


def secrets_finding(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> Finding:
    if missing := [name for name in wanted if found.get(name) is None]:
        return bad(f"missing: {listed(missing)}", STORE_AGAIN, Section.KEYS)
    # Rotated keys may be newer than the stack's file.
    other = [name for name in wanted if name != SIGNING and found[name] != wanted[name]]
    if other:
        told = f"functions read other values than this stack's: {listed(other)}"
        return bad(told, STORE_AGAIN, Section.KEYS)
    return ok(f"{len(wanted)} secrets have the stack's values")


def check_signing_keys(installation: Installation) -> Finding:
    found = read_secrets(installation, [SIGNING, PUBLIC])
    return signing_keys_finding(found[SIGNING], found[PUBLIC], datetime.now(UTC))


def signing_keys_finding(signing: Any, public: Any, at: datetime) -> Finding:
    """Say whether tokens can be signed and verified, and whether the key is old."""
    if not signing or not public:
        return bad("there is no key that signs access tokens", ROTATE, Section.KEYS)
    current = next((each for each in signing["keys"] if each["kid"] == signing["current"]), None)
    if current is None or current.get("retired_at"):
        return bad("the key that signs access tokens is missing or retired", ROTATE, Section.KEYS)
    expected = {each["kid"]: each for each in public_keys(signing)["keys"]}
    published = {each["kid"]: each for each in public["keys"]}
    if published.get(current["kid"]) != expected[current["kid"]]:
        told = "the key that signs access tokens is not published: each token is refused"
        return bad(told, ROTATE, Section.KEYS)
    made = current.get("created_at")
    if made is None:
        return warn("the age of the signing key is not recorded", ROTATE, Section.KEYS)
    age = at - datetime.fromisoformat(made)
    if age > timedelta(days=ROTATE_DAYS):
        told = f"the signing key is {age.days} days old, more than {ROTATE_DAYS}"
        return warn(told, ROTATE, Section.KEYS)
    return ok(f"the signing key is {age.days} days old, {len(published)} keys verify")


def read_secrets(installation: Installation, names: list[str]) -> dict[str, Any]:
    """Return the content of each secret; None for one that does not exist."""
    with installation.aws("secretsmanager") as manager:
        return {name: _content(manager, f"{SECRETS_PREFIX}/{name}") for name in names}


def _content(manager: Any, name: str) -> Any:
    try:
        return json.loads(manager.get_secret_value(SecretId=name)["SecretString"])
    except manager.exceptions.ResourceNotFoundException:
        return None
