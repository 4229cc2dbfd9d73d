"""One REST API for both LocalStack's own way and the front door."""

from types import SimpleNamespace
from typing import Any, Final

from tidings_local.front_door.deployed import StageDocument
from tidings_local.localstack_plugin.rest_api_document import stage_document

FUNCTION: Final = "arn:aws:lambda:us-east-1:000000000000:function:echo"
INTEGRATION: Final = {
    "type": "AWS_PROXY",
    "httpMethod": "POST",
    "uri": f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
    "requestParameters": None,
    "timeoutInMillis": 29000,
}
PATHS: Final = {
    "/": ["ANY"],
    "/orders": ["GET", "POST"],
    "/orders/latest": ["GET"],
    "/orders/{order_id}": ["GET", "DELETE", "ANY"],
    "/orders/{order_id}/notes/{note-id}": ["GET"],
    "/files/{proxy+}": ["ANY"],
    "/files/known": ["GET"],
    "/strict/{proxy+}": ["PUT"],
}


def _resource(path: str, methods: list[str]) -> dict[str, Any]:
    described = {
        name: {
            "httpMethod": name,
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            "methodIntegration": INTEGRATION,
        }
        for name in methods
    }
    return {"id": f"r{len(path)}{path.count('{')}", "path": path, "resourceMethods": described}


API: Final[dict[str, Any]] = {
    "id": "tidings",
    "rest_api": {"binaryMediaTypes": ["text/csv", "image/*"]},
    "gateway_responses": {},
    "stage": {"stageName": "local", "variables": {"color": "blue"}},
    "resources": [_resource(path, methods) for path, methods in PATHS.items()],
}


def as_the_plugin_tells_it() -> StageDocument:
    api = SimpleNamespace(
        rest_api=API["rest_api"],
        gateway_responses=API["gateway_responses"],
        resources={each["id"]: each for each in API["resources"]},
    )
    frozen = SimpleNamespace(account_id="000000000000", region="us-east-1", rest_api=api)
    document = stage_document(API["id"], "d1", frozen, API["stage"])
    assert document is not None
    return document
