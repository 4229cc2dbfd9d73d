"""What the roles of the functions grant by template.yaml, and what the functions' code needs."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from tests.contract.calls import Name, names_used_by
from tests.contract.project import Function, functions

SECRETS: Final = "tidings.platform.secrets"
# The functions of our code that read a secret.
READERS: Final = {
    Name(SECRETS, "mongodb_url"): "mongodb",
    Name(SECRETS, "security_store_url"): "security-store",
    Name(SECRETS, "cache_url"): "cache",
    Name(SECRETS, "amqp_url"): "rabbitmq",
    Name(SECRETS, "smtp_url"): "smtp",
    Name(SECRETS, "delivery_key"): "delivery-key",
    Name(SECRETS, "metrics_token"): "metrics-token",
    Name(SECRETS, "signing_keys"): "signing-keys",
    Name(SECRETS, "published_keys"): "public-keys",
}
# An invocation publishes events only after its code has stored some.
PUBLISHES_STORED: Final = Name("tidings.platform.entry.invocation", "publish_stored")
STORES_EVENTS: Final = Name("tidings.platform.messaging.outbox", "note")
# A secret's ARN ends with a hyphen and six random characters.
SUFFIX: Final = "-??????"


def statements(function: Function) -> Iterator[dict[str, Any]]:
    """Yield the statements of a function's role, without those that SAM adds for its events."""
    for policy in function.properties.get("Policies", []):
        yield from policy["Statement"]


def resources(statement: dict[str, Any]) -> list[str]:
    """Return the resources of a statement, with the intrinsic functions in them."""
    found = statement["Resource"]
    listed = found if isinstance(found, list) else [found]
    return [each["Fn::Sub"] if isinstance(each, dict) else each for each in listed]


def secrets_granted(function: Function, action: str = "GetSecretValue") -> set[str]:
    """Return the names of the secrets, after the prefix, on which an action is granted."""
    return {
        resource.partition(":secret:${SecretsPrefix}/")[2].removesuffix(SUFFIX)
        for statement in statements(function)
        if statement["Action"] == f"secretsmanager:{action}"
        for resource in resources(statement)
    }


def secrets_needed(function: Function) -> set[str]:
    """Return the names of the secrets that a function's code reads."""
    if function.name == "Gateway":  # it calls the operations by computed names
        return _needed_by_operations()
    used = names_used_by(function, also=called_by_queue(function), without={PUBLISHES_STORED})
    needed = {secret for reader, secret in READERS.items() if reader in used}
    return needed | ({"rabbitmq"} if STORES_EVENTS in used else set())


@cache
def _needed_by_operations() -> set[str]:
    return {
        secret
        for function in functions().values()
        if getattr(getattr(function.load(), "contract", None), "operation", None)
        for secret in secrets_needed(function)
    }


def called_by_queue(function: Function) -> list[Name]:
    """Return what a delivering function calls by the name of its queue's channel."""
    if function.module != "delivery.deliver":
        return []
    channel = f"tidings.delivery.channels.{function.words[-1]}"
    return [Name(channel, "provider"), Name(channel, "send")]
