"""Refuse the AWS calls of functions that their roles do not allow (docs/decisions/0138).

LocalStack accepts every call. A function signs with the credentials of its role's session, which
tells its calls from those of other callers. The others stay unlimited.
"""

import fnmatch
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from localstack.aws.api import CommonServiceException
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sts.models import sts_backends

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext

logger = logging.getLogger(__name__)

Statement = Mapping[str, Any]

CODE: Final = "AccessDeniedException"
# The fields of SNS's requests that contain an ARN.
SNS_ARNS: Final = ("TopicArn", "TargetArn", "EndpointArn", "PlatformApplicationArn")
_SIGNED_BY: Final = re.compile(r"Credential=(\w+)/")
_KNOWN: Final = {"Sid", "Effect", "Action", "Resource"}


def check_call(context: "RequestContext") -> None:
    """Check a call that is signed with the credentials of a role's session.

    Raises:
        CommonServiceException: AWS's error, if the role does not allow the call.
    """
    if context.service is None or context.operation is None:
        return
    session = _session_of(context)
    role = _role_of(context, session) if session else None
    if role is None:
        return
    statements = list(_statements_of(role))
    action = f"{context.service.service_name}:{context.operation.name}"
    for resource in _resources_of(context):
        if not is_allowed(statements, action, resource):
            # Several functions share a role; a session has the function's name.
            caller = f"{role.name}/{session.session_name}"
            logger.warning(
                "call refused: role %s does not allow %s on %s", caller, action, resource
            )
            raise CommonServiceException(
                CODE, f"{caller} is not authorized to perform {action} on {resource}", 403
            )


def is_allowed(statements: Iterable[Statement], action: str, resource: str) -> bool:
    """Say whether statements allow an action on a resource; a denial wins.

    Statements with conditions or exclusions (`NotAction`) are not understood: they allow nothing,
    and deny everything.
    """
    effects = {each["Effect"] for each in statements if _matches(each, action, resource)}
    return effects == {"Allow"}


def _matches(statement: Statement, action: str, resource: str) -> bool:
    if statement.keys() - _KNOWN:
        return bool(statement["Effect"] == "Deny")
    actions, on = _listed(statement["Action"]), _listed(statement["Resource"])
    return any(_is_like(action.lower(), each.lower()) for each in actions) and any(
        _is_like(resource, each) for each in on
    )


def _is_like(text: str, pattern: str) -> bool:
    """Compare by IAM's wildcards `*` and `?`; a bracket stands for itself."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _session_of(context: "RequestContext") -> Any:
    """Return the session of a role that signed a request; None for other callers."""
    signed_by = _SIGNED_BY.search(context.request.headers.get("Authorization") or "")
    if signed_by is None:
        return None
    sessions = sts_backends[context.account_id][context.partition]
    return sessions.get_assumed_role_from_access_key(signed_by[1])


def _role_of(context: "RequestContext", session: Any) -> Any:
    """Return the role of a session; None if it does not exist."""
    roles = iam_backends[context.account_id][context.partition]
    try:
        return roles.get_role(session.role_arn.rpartition("/")[2])
    except NotFoundException:  # LocalStack runs functions without an existing role, too
        return None


def _statements_of(role: Any) -> Iterator[Statement]:
    """Yield the statements of a role's inline and attached policies."""
    attached = [
        version.document
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.is_default
    ]
    for document in [*role.policies.values(), *attached]:
        content = json.loads(document) if isinstance(document, str) else document
        statements = content["Statement"]
        yield from statements if isinstance(statements, list) else [statements]


def _resources_of(context: "RequestContext") -> list[str]:
    """Return the ARNs on which AWS checks the permission for a call; `*` if there is none."""
    assert context.service is not None
    request: Mapping[str, Any] = context.service_request or {}
    service, account, region = context.service.service_name, context.account_id, context.region
    prefix = f"arn:{context.partition}:{service}:{region}:{account}:"
    match service, request:
        case "secretsmanager", {"SecretId": str(name)}:
            found = secretsmanager_backends[account][region].secrets.get(name)
            return [found.arn if found else f"{prefix}secret:{name}"]
        case "ses", {"Source": str(sender), **rest}:
            address = sender.rpartition("<")[2].rstrip(">")
            sets = [rest["ConfigurationSetName"]] if rest.get("ConfigurationSetName") else []
            return [
                f"{prefix}identity/{address}",
                *(f"{prefix}configuration-set/{n}" for n in sets),
            ]
        case "sqs", {"QueueUrl": str(url)}:
            return [f"{prefix}{url.rpartition('/')[2]}"]
        case "sns", _:
            return [str(request[name]) for name in SNS_ARNS if request.get(name)] or ["*"]
    return ["*"]
