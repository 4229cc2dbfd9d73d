"""Brings the code as it is now to the stack's LocalStack."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

from . import cloudformation, progress
from .aws import client
from .build import build, source_fingerprint
from .channels import feedback_topic, mail_events, platform_applications, verify_sender
from .errors import LauncherError
from .package import package
from .services.localstack import session_id
from .services.members import Members
from .settings import TEST_STACK, Settings
from .stack import Stack
from .topology import TOPOLOGY_FILE, declare_topology

BROKER_ARN = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-local"
ACTIVE_SECONDS = 60
UNLIMITED = 1_000_000
SECRET_PREFIX = cloudformation.CLOUDFORMATION_STACK


def is_deployed(stack: Stack, settings: Settings, members: Members) -> bool:
    """Whether this very LocalStack already has this very code and these very connections."""
    try:
        remembered = json.loads(_note(stack).read_text())
    except (OSError, ValueError):
        return False
    return bool(remembered == what_is_wanted(stack, settings, members))


def deploy(stack: Stack, settings: Settings, members: Members) -> None:
    wanted = what_is_wanted(stack, settings, members)
    template = build()
    declare_topology(members.connections.amqp_url)
    progress.step("deploying to LocalStack")
    secrets = store_secrets(stack, members, settings)
    verify_sender(client(stack, "ses"), settings.mail_from)
    values = parameters(secrets, settings) | platform_applications(client(stack, "sns"))
    values["PublicUrl"] = stack.api_url
    url = package(template, client(stack, "s3"))
    cloudformation.deploy(client(stack, "cloudformation"), url, values)
    mail_events(client(stack, "ses"), feedback_topic())
    functions = client(stack, "lambda")
    count = _wait_until_active(functions)
    _wake_consumers(functions)
    remember(stack, wanted)
    progress.step(f"deployed {count} functions")


def remember(stack: Stack, deployed: dict[str, str]) -> None:
    """Note what this LocalStack has now, so that it is not deployed again."""
    _note(stack).write_text(json.dumps(deployed))


def parameters(secret_arns: dict[str, str], settings: Settings) -> dict[str, str]:
    """Everything a template may want to know; it gets those that it declares."""
    return {
        "ConnectionsSecret": f"{SECRET_PREFIX}/connections",
        "ConnectionsSecretArn": secret_arns["connections"],
        "SigningKeysSecret": f"{SECRET_PREFIX}/signing-keys",
        "SigningKeysSecretArn": secret_arns["signing-keys"],
        "BrokerSecretArn": secret_arns["broker"],
        "BrokerArn": BROKER_ARN,
        "StageName": "local",
        "LogLevel": settings.log_level,
        "MailFrom": settings.mail_from,
    } | limits(settings)


def limits(settings: Settings) -> dict[str, str]:
    """How often something may be asked; the tests' hundred customers are one machine."""
    of_tests = settings.stack == TEST_STACK
    return {
        "CallsPerMinute": str(UNLIMITED if of_tests else settings.calls_per_minute),
        "SendsPerMinute": str(UNLIMITED if of_tests else settings.sends_per_minute),
        "AddressAllowance": str(UNLIMITED if of_tests else settings.address_allowance),
    }


def secret_values(members: Members, settings: Settings) -> dict[str, dict[str, Any]]:
    connections = members.connections
    return {
        "signing-keys": members.credentials.signing_keys,
        "connections": {
            "mongodb_uri": connections.mongodb_uri,
            "redis_url": connections.redis_url,
            "amqp_url": connections.amqp_url,
            "delivery_key": members.credentials.delivery_key,
            "smtp_url": settings.smtp_url,
        },
        "broker": connections.broker_login,
    }


def store_secrets(stack: Stack, members: Members, settings: Settings) -> dict[str, str]:
    """Put the stack's secrets into Secrets Manager; returns their ARNs.

    Signing keys that are there already stay: they may have been rotated since.
    """
    manager = client(stack, "secretsmanager")
    return {
        name: _store(
            manager, f"{SECRET_PREFIX}/{name}", json.dumps(value), keep=name == "signing-keys"
        )
        for name, value in secret_values(members, settings).items()
    }


def _store(manager: Any, name: str, value: str, *, keep: bool) -> str:
    try:
        return str(manager.create_secret(Name=name, SecretString=value)["ARN"])
    except manager.exceptions.ResourceExistsException:
        if keep:
            return str(manager.describe_secret(SecretId=name)["ARN"])
        return str(manager.put_secret_value(SecretId=name, SecretString=value)["ARN"])


def _note(stack: Stack) -> Any:
    return stack.run / "deployed.json"


def what_is_wanted(stack: Stack, settings: Settings, members: Members) -> dict[str, str]:
    secrets = json.dumps(secret_values(members, settings), sort_keys=True)
    return {
        "localstack": session_id(stack.endpoint),
        "sources": source_fingerprint(),
        "topology": hashlib.sha256(TOPOLOGY_FILE.read_bytes()).hexdigest(),
        "secrets": hashlib.sha256(secrets.encode()).hexdigest(),
        "log_level": settings.log_level,
        "mail_from": settings.mail_from,
    } | limits(settings)


def _wait_until_active(functions: Any) -> int:
    limit = time.monotonic() + ACTIVE_SECONDS
    while waiting := _not_active(functions):
        if time.monotonic() > limit:
            raise LauncherError(f"not active after {ACTIVE_SECONDS} s: {', '.join(waiting)}")
        time.sleep(0.1)
    return len(_ours(functions))


def _wake_consumers(functions: Any) -> None:
    """Have the consumers start now, beside everything else: an order passes three of them.

    A batch without messages does nothing; asynchronous, so that nobody waits for it.
    """
    nothing = json.dumps({"eventSource": "aws:rmq", "rmqMessagesByQueue": {}})
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.invoke(
            FunctionName=mapping["FunctionArn"], InvocationType="Event", Payload=nothing
        )


def _ours(functions: Any) -> list[dict[str, Any]]:
    pages = functions.get_paginator("list_functions").paginate()
    return [f for page in pages for f in page["Functions"] if f["FunctionName"][:8] == "tidings-"]


def _not_active(functions: Any) -> list[str]:
    names = [str(function["FunctionName"]) for function in _ours(functions)]
    return [name for name in names if not _is_active(functions, name)]


def _is_active(functions: Any, name: str) -> bool:
    found = functions.get_function_configuration(FunctionName=name)
    if found["State"] == "Failed":
        raise LauncherError(f"function {name} failed", hint=found.get("StateReason", ""))
    return bool(found["State"] == "Active" and found["LastUpdateStatus"] == "Successful")
