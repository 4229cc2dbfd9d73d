"""What the roles of the functions grant by template.yaml, and what the functions' code needs."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from tests.contract.calls import Name, names_used_by
from tests.contract.project import Function, functions, template

SECRETS: Final = "tidings.platform.secrets"
# The functions of our code that read a secret.
READERS: Final = {
    Name(SECRETS, "mongodb_url"): "mongodb",
    Name(SECRETS, "security_store_url"): "security-store",
    Name(SECRETS, "cache_url"): "cache",
    Name(SECRETS, "amqp_url"): "rabbitmq",
    Name(SECRETS, "providers_of_mails"): "smtp",
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
# Roles that several functions share, and the kind of event of these functions.
SHARED_ROLES: Final = {
    "EndpointRole": "Api",
    "PublishingEndpointRole": "Api",
    "DerivingEndpointRole": "Api",
    "PublishingDerivingEndpointRole": "Api",
    "JobRole": "Schedule",
}


def role_of(function: Function) -> str:
    """Return the name of a function's role: a shared one, or the one that SAM makes for it."""
    shared = function.properties.get("Role")
    if shared is None:
        return f"{function.name}Role"
    name, _, attribute = str(shared["Fn::GetAtt"]).partition(".")
    assert attribute == "Arn"
    return name


def policies(function: Function) -> list[Any]:
    """Return the policies of a function's role, without those that SAM adds for its events."""
    if "Role" not in function.properties:
        return list(function.properties.get("Policies", []))
    role = template()["Resources"][role_of(function)]["Properties"]
    return [each["PolicyDocument"] for each in role["Policies"]]


def statements(function: Function) -> Iterator[dict[str, Any]]:
    """Yield the statements of those policies."""
    for policy in policies(function):
        yield from policy["Statement"]


def resources(statement: dict[str, Any]) -> list[str]:
    """Return the resources of a statement, with the intrinsic functions in them."""
    found = statement["Resource"]
    listed = found if isinstance(found, list) else [found]
    return [str(*each.values()) if isinstance(each, dict) else each for each in listed]


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
    return [Name(channel, "providers")]
