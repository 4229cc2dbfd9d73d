"""Stages in the form that the front door uses, prepared once before any request."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tidings_local.front_door.deployed import (
    IntegrationDocument,
    MethodDocument,
    ResourceDocument,
    StageDocument,
)
from tidings_local.front_door.gateway_responses import GatewayResponses
from tidings_local.front_door.matching import PathTree
from tidings_local.front_door.media_types import BinaryMediaTypes

DEFAULT_TIMEOUT_MS: Final = 29_000
_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.(.*?)\}")
_FUNCTION: Final = re.compile(
    r"arn:[\w-]+:apigateway:[\w-]+:lambda:path/[\d-]+/functions/"
    r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?)/invocations"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A method that is integrated with a function."""

    resource_id: str
    resource_path: str
    function_arn: str
    """The integration's ARN, with or without a qualifier."""
    timeout_seconds: float


class Handed:
    """A method that LocalStack answers."""


HANDED: Final = Handed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    api_id: str
    name: str
    account_id: str
    deployment_id: str
    variables: Mapping[str, str] | None
    binary: BinaryMediaTypes
    gateway_responses: GatewayResponses
    tree: PathTree[Method | Handed]

    @classmethod
    def read(cls, document: StageDocument) -> "Stage":
        tree: PathTree[Method | Handed] = PathTree()
        for resource in document["resources"]:
            tree.add(resource["path"], _methods(resource, document["variables"]))
        return cls(
            api_id=document["api_id"],
            name=document["stage"],
            account_id=document["account_id"],
            deployment_id=document["deployment_id"],
            variables=document["variables"] or None,
            binary=BinaryMediaTypes(document["binary_media_types"]),
            gateway_responses=GatewayResponses(document["gateway_responses"]),
            tree=tree,
        )


def _methods(
    resource: ResourceDocument, variables: Mapping[str, str]
) -> dict[str, Method | Handed]:
    return {
        method["http_method"]: _method(resource, method, variables) or HANDED
        for method in resource["methods"]
    }


def _method(
    resource: ResourceDocument, document: MethodDocument, variables: Mapping[str, str]
) -> Method | None:
    integration = document["integration"]
    if integration is None or not _is_open(document) or not _is_plain_proxy(integration):
        return None
    uri = _STAGE_VARIABLE.sub(lambda name: variables.get(name[1], ""), integration["uri"] or "")
    function = _FUNCTION.fullmatch(uri)
    if function is None:
        return None
    return Method(
        resource_id=resource["id"],
        resource_path=resource["path"],
        function_arn=function[1],
        timeout_seconds=(integration["timeout_ms"] or DEFAULT_TIMEOUT_MS) / 1000,
    )


def _is_open(document: MethodDocument) -> bool:
    """Return whether a call needs no check of the caller or the request."""
    asks = document["api_key_required"] or document["request_validator_id"]
    return document["authorization_type"] == "NONE" and not asks


def _is_plain_proxy(integration: IntegrationDocument) -> bool:
    special = (
        integration["credentials"]
        or integration["content_handling"]
        or integration["request_parameters"]
    )
    return (
        integration["type"] == "AWS_PROXY" and integration["http_method"] == "POST" and not special
    )
