"""Deploy the current code to the stack's LocalStack.

If only code changed, the Lambda API gets it (`code_update`). For any other change LocalStack is
restarted and the stack is created: its CloudFormation cannot update rules, alarms and APIs, cannot
roll back, and reports success. It stores none of our data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import progress
from ..aws import client
from ..errors import LauncherError
from ..running import docker
from ..running.channels import feedback_topic, mail_events, platform_applications, verify_sender
from ..running.lifecycle import restart
from ..running.services import containers
from ..running.services.localstack import session_id
from ..running.services.members import Members
from ..running.signing_keys import public_keys
from ..running.stack import Stack
from ..running.topology import TOPOLOGY_FILE, declare_topology
from ..settings import CLOUDFORMATION_STACK, ROOT, TEST_STACKS, UNLIMITED, Settings
from . import cloudformation
from .build import build, source_fingerprint, structure_fingerprint
from .code_update import update_code
from .deployed import Deployed, load_deployed, save_deployed
from .deployed_code import Code, working_tree
from .package import package

BROKER_ARN = "arn:aws:mq:us-east-1:000000000000:broker:tidings:b-local"
NAMED = 5
"""So many updated functions are named; more would fill the terminal."""
SECRETS_PREFIX = CLOUDFORMATION_STACK


def is_deployed(stack: Stack, settings: Settings, members: Members) -> bool:
    """Return whether this LocalStack process has this code and these connections."""
    return remembered(stack) == what_is_wanted(stack, settings, members)


def remembered(stack: Stack) -> dict[str, str]:
    """Return the note of the last complete deployment; nothing after an interrupted one."""
    try:
        return dict(json.loads(_note(stack).read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def remember(stack: Stack, deployed: dict[str, str]) -> None:
    """Note the deployment of this LocalStack process, so that it is not repeated."""
    _note(stack).write_text(json.dumps(deployed))


def deploy(stack: Stack, settings: Settings, members: Members, root: Path = ROOT) -> None:
    """Deploy a working tree to the stack.

    Raises:
        LauncherError: the deployment failed. The previous one runs again, unless the message says
            that it was not restored either. Other errors of a first deployment are raised as well.
    """
    wanted, before = what_is_wanted(stack, settings, members, root), load_deployed(stack)
    known = before.code if before else None
    if _only_code_differs(remembered(stack), wanted):
        _deploy_code(stack, working_tree(root, known), before)
    else:
        built = Deployed(build(root), working_tree(root, known))
        _deploy_all(stack, settings, members, built, before)
        # A file that was saved meanwhile may not be deployed: only LocalStack is looked at again.
        wanted |= _state_of_localstack(stack)
    remember(stack, wanted)


def _only_code_differs(before: dict[str, str], wanted: dict[str, str]) -> bool:
    return bool(before) and before | {"sources": ""} == wanted | {"sources": ""}


def _deploy_code(stack: Stack, code: Code, before: Deployed | None) -> None:
    progress.step("updating the code of the functions")
    functions = client(stack, "lambda")
    _note(stack).unlink(missing_ok=True)  # removed until the deployment is complete
    try:
        changed = update_code(functions, code)
    except Exception as failure:
        if before:
            _restore_code(functions, before.code, failure)
        raise
    _wake_consumers(functions, changed)
    if before:
        save_deployed(stack, Deployed(before.template, code))
    progress.step(updated(changed))


def _restore_code(functions: Any, before: Code, failure: Exception) -> None:
    try:
        update_code(functions, before)
    except Exception as problem:  # noqa: BLE001 (each is told)
        raise LauncherError(
            _told(failure),
            hint=f"the previous code was not restored either: {_told(problem)}; make deploy",
        ) from failure


def _told(error: Exception) -> str:
    if isinstance(error, LauncherError):
        return error.lines()[0]
    return f"{type(error).__name__}: {error}"


def updated(functions: Sequence[str]) -> str:
    """Return what `make deploy` says of the functions that it updated; a few are named."""
    if not functions:
        return "every function has this code already"
    number = "1 function" if len(functions) == 1 else f"{len(functions)} functions"
    return f"updated {number}" + (f": {', '.join(functions)}" if len(functions) <= NAMED else "")


def _deploy_all(
    stack: Stack,
    settings: Settings,
    members: Members,
    wanted: Deployed,
    before: Deployed | None,
) -> None:
    progress.step("deploying to LocalStack")
    _note(stack).unlink(missing_ok=True)
    try:
        _bring(stack, settings, members, wanted)
    except Exception as failure:
        if before is None:
            raise
        progress.step(_told(failure))
        progress.step("restoring the previous deployment")
        _bring(stack, settings, members, before)
        raise LauncherError("the deployment failed, and the previous one runs again") from None
    save_deployed(stack, wanted)
    progress.step(f"deployed {len(wanted.code.functions)} functions")


def _bring(stack: Stack, settings: Settings, members: Members, wanted: Deployed) -> None:
    """Deploy a built template and its code to a LocalStack without a deployment."""
    if status := cloudformation.stack_status(client(stack, "cloudformation")):
        progress.step(f"restarting LocalStack (the stack was {status})")
        _restart_localstack(stack, settings, members)
    with ThreadPoolExecutor(2) as beside:  # LocalStack loads each service at its first request
        declared = beside.submit(declare_topology, members.connections.amqp_url)
        packaged = beside.submit(package, wanted.template, wanted.code, client(stack, "s3"))
        secrets = store_secrets(stack, members, settings)
        verify_sender(client(stack, "ses"), settings.mail_from)
        values = parameters(secrets["broker"], settings) | platform_applications(
            client(stack, "sns")
        )
        values["PublicUrl"] = stack.api_url
        url, names = packaged.result()
        declared.result()
    asked = {name: value for name, value in values.items() if name in names}
    cloudformation.create(client(stack, "cloudformation"), url, asked)  # functions are active then
    mail_events(client(stack, "ses"), feedback_topic())
    _wake_consumers(client(stack, "lambda"), wanted.code.functions)


def _restart_localstack(stack: Stack, settings: Settings, members: Members) -> None:
    if settings.engine == "docker":
        docker.restart(stack, "localstack")
    else:
        restart(stack, members, "localstack")


def parameters(broker_secret_arn: str, settings: Settings) -> dict[str, str]:
    """Return all parameters that a template may declare; it gets those that it declares."""
    return (
        {
            "SecretsPrefix": SECRETS_PREFIX,
            "BrokerSecretArn": broker_secret_arn,
            "BrokerArn": BROKER_ARN,
            "StageName": "local",
            "LogLevel": settings.log_level,
            "TracesUrl": settings.traces or "",
            "DebugSample": str(settings.debug_sample),
            "MailFrom": settings.mail_from,
            "SmsProviders": settings.sms_providers,
            "FrequencyCaps": settings.frequency_caps,
            "UnreadWaits": settings.unread_waits,
            "BasketReminderHours": str(settings.basket_reminder_hours),
            "TrustedDocuments": _yes_or_no(settings.trusted_documents),
        }
        | limits(settings)
        | openness(settings)
    )


def limits(settings: Settings) -> dict[str, str]:
    """Return the rate limits."""
    of_tests = settings.stack in TEST_STACKS
    return {
        # It counts for the address, and is multiplied by the last one.
        "AnonymousCallsPerMinute": str(
            UNLIMITED if of_tests else settings.anonymous_calls_per_minute
        ),
        "CallsPerMinute": str(settings.allowed_calls),
        "OperatorCallsPerMinute": str(settings.allowed_calls),
        "ServiceCallsPerMinute": str(settings.allowed_calls),
        "SendsPerMinute": str(UNLIMITED if of_tests else settings.sends_per_minute),
        "AddressAllowance": str(UNLIMITED if of_tests else settings.address_allowance),
    }


def openness(settings: Settings) -> dict[str, str]:
    """Return the parameters that are off by default and on for a laptop."""
    return {
        "Introspection": _yes_or_no(settings.introspection),
        "GraphiQL": _yes_or_no(settings.graphiql),
        "ExampleShop": _yes_or_no(settings.example_shop),
        "OpenMetrics": _yes_or_no(settings.open_metrics),
    }


def _yes_or_no(value: bool) -> str:
    return "true" if value else "false"


def secret_values(members: Members, settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the content of each secret, except the public keys; see `tidings.platform.secrets`."""
    connections = members.of_functions
    return {
        "signing-keys": members.credentials.signing_keys,
        "mongodb": {"url": connections.mongodb_uri},
        "security-store": {"url": connections.redis_url},
        "cache": {"url": connections.cache_redis_url},
        "rabbitmq": {"url": connections.amqp_url},
        "smtp": _mail_servers(settings),
        "delivery-key": {"key": members.credentials.delivery_key},
        "metrics-token": {"token": members.credentials.metrics_token},
        "broker": connections.broker_login,
    }


def _mail_servers(settings: Settings) -> dict[str, Any]:
    """Return the servers for mails; a URL of None is SES: containers have Mailpit."""
    if settings.mail_providers:
        return {"providers": settings.mail_providers.split()}
    url = settings.smtp_url or (containers.SMTP_URL if settings.engine == "docker" else None)
    return {"url": url}


def store_secrets(stack: Stack, members: Members, settings: Settings) -> dict[str, str]:
    """Put the stack's secrets into Secrets Manager; return their ARNs.

    Existing signing keys stay, because they may have been rotated. The public keys are derived from
    them, which repairs an interrupted rotation or the secrets of an older version.
    """
    manager = client(stack, "secretsmanager")
    arns = {
        name: _store(
            manager, f"{SECRETS_PREFIX}/{name}", json.dumps(value), keep=name == "signing-keys"
        )
        for name, value in secret_values(members, settings).items()
    }
    found = manager.get_secret_value(SecretId=f"{SECRETS_PREFIX}/signing-keys")["SecretString"]
    published = json.dumps(public_keys(json.loads(found)))
    return arns | {
        "public-keys": _store(manager, f"{SECRETS_PREFIX}/public-keys", published, keep=False)
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


def what_is_wanted(
    stack: Stack, settings: Settings, members: Members, root: Path = ROOT
) -> dict[str, str]:
    """Return by name the values that decide whether a deployment is needed."""
    secrets = json.dumps(secret_values(members, settings), sort_keys=True)
    return (
        _state_of_localstack(stack)
        | {
            "sources": source_fingerprint(root),
            "structure": structure_fingerprint(root),
            "topology": hashlib.sha256(TOPOLOGY_FILE.read_bytes()).hexdigest(),
            "secrets": hashlib.sha256(secrets.encode()).hexdigest(),
        }
        | parameters("", settings)
    )


def _state_of_localstack(stack: Stack) -> dict[str, str]:
    return {
        "localstack": session_id(stack.localstack_url),
        # Changes after `sam deploy`, which applies only a part of a changed template here.
        "stack_status": cloudformation.stack_status(client(stack, "cloudformation")) or "",
    }


def _wake_consumers(functions: Any, names: Collection[str]) -> None:
    """Start the consumers among the named functions, because an order passes three of them.

    A batch without messages does nothing. The calls are asynchronous: nothing waits for them.
    """
    nothing = json.dumps({"eventSource": "aws:rmq", "rmqMessagesByQueue": {}})
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        arn = mapping["FunctionArn"]
        if arn.rpartition(":")[2] in names:
            functions.invoke(FunctionName=arn, InvocationType="Event", Payload=nothing)
