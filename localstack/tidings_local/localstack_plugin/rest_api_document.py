"""Describe a stage of LocalStack's REST APIs in the format that the front door reads."""

from collections.abc import Mapping
from typing import Any

from tidings_local.front_door.deployed import (
    GatewayResponseDocument,
    IntegrationDocument,
    MethodDocument,
    ResourceDocument,
    StageDocument,
)

Json = Mapping[str, Any]


def stage_document(
    api_id: str, deployment_id: str, frozen: Any, stage: Json
) -> StageDocument | None:
    """Return the description of a stage, or None if LocalStack has to answer it itself.

    Args:
        api_id: in lower case.
        deployment_id: the deployment of the stage.
        frozen: LocalStack's `RestApiDeployment`: the API as it was at the deployment.
        stage: the stage as API Gateway describes it.
    """
    if stage.get("canarySettings"):
        return None
    api = frozen.rest_api
    return {
        "api_id": api_id,
        "stage": stage["stageName"],
        "account_id": frozen.account_id,
        "region": frozen.region,
        "deployment_id": deployment_id,
        "variables": dict(stage.get("variables") or {}),
        "binary_media_types": _binary_media_types(api.rest_api),
        "gateway_responses": _gateway_responses(api.gateway_responses),
        "resources": [_resource(each) for each in api.resources.values()],
    }


def _binary_media_types(api: Json) -> list[str]:
    """Decode media types: paths of patches write `/` as `~1`, and LocalStack keeps both forms."""
    types = api.get("binaryMediaTypes") or []
    return sorted({each.replace("~1", "/") for each in types})


def _gateway_responses(responses: Mapping[str, Json]) -> dict[str, GatewayResponseDocument]:
    return {
        str(kind): {
            "status_code": response.get("statusCode"),
            "parameters": dict(response.get("responseParameters") or {}),
            "templates": dict(response.get("responseTemplates") or {}),
        }
        for kind, response in responses.items()
    }


def _resource(resource: Json) -> ResourceDocument:
    methods: Mapping[str, Json] = resource.get("resourceMethods") or {}
    return {
        "id": resource["id"],
        "path": resource["path"],
        "methods": [_method(name, method) for name, method in methods.items()],
    }


def _method(name: str, method: Json) -> MethodDocument:
    integration = method.get("methodIntegration")
    return {
        "http_method": name,
        "authorization_type": method.get("authorizationType") or "NONE",
        "api_key_required": bool(method.get("apiKeyRequired")),
        "request_validator_id": method.get("requestValidatorId") or None,
        "integration": _integration(integration) if integration else None,
    }


def _integration(integration: Json) -> IntegrationDocument:
    timeout = integration.get("timeoutInMillis")
    return {
        "type": integration["type"],
        "uri": integration.get("uri"),
        "http_method": integration.get("httpMethod"),
        "timeout_ms": int(timeout) if timeout else None,
        "credentials": integration.get("credentials"),
        "content_handling": integration.get("contentHandling"),
        "request_parameters": dict(integration.get("requestParameters") or {}),
    }
