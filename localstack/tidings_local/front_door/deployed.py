"""The format of deployed REST APIs, written by LocalStack's plugin and read by the front door.

It is plain JSON. Each stage is described as its deployment froze it, not by the current API.
"""

from typing import TypedDict


class IntegrationDocument(TypedDict):
    type: str
    uri: str | None
    http_method: str | None
    timeout_ms: int | None
    credentials: str | None
    content_handling: str | None
    request_parameters: dict[str, str]


class MethodDocument(TypedDict):
    http_method: str
    """Including `ANY`."""
    authorization_type: str
    api_key_required: bool
    request_validator_id: str | None
    integration: IntegrationDocument | None


class ResourceDocument(TypedDict):
    id: str
    path: str
    methods: list[MethodDocument]


class GatewayResponseDocument(TypedDict):
    status_code: str | None
    parameters: dict[str, str]
    templates: dict[str, str]


class StageDocument(TypedDict):
    api_id: str
    """In lower case."""
    stage: str
    account_id: str
    region: str
    deployment_id: str
    variables: dict[str, str]
    binary_media_types: list[str]
    gateway_responses: dict[str, GatewayResponseDocument]
    """By type; only those that the API changed."""
    resources: list[ResourceDocument]


Deployed = list[StageDocument]
