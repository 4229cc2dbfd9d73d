from types import SimpleNamespace
from typing import Any

from tidings_local.front_door.deployed import StageDocument
from tidings_local.localstack_plugin.rest_api_document import stage_document

INTEGRATION = {
    "type": "AWS_PROXY",
    "uri": "arn:of:the:function",
    "httpMethod": "POST",
    "timeoutInMillis": "5000",
    "requestParameters": None,
    "passthroughBehavior": "WHEN_NO_MATCH",
}
METHOD = {
    "httpMethod": "GET",
    "authorizationType": "NONE",
    "apiKeyRequired": False,
    "methodIntegration": INTEGRATION,
}
RESOURCE = {"id": "r1", "path": "/orders", "resourceMethods": {"GET": METHOD}}
STAGE = {"stageName": "local", "variables": {"color": "blue"}, "canarySettings": None}


def frozen(*resources: dict[str, Any], **rest_api: Any) -> Any:
    api = SimpleNamespace(
        rest_api=rest_api,
        gateway_responses=rest_api.pop("gateway_responses", {}),
        resources={each["id"]: each for each in resources},
    )
    return SimpleNamespace(account_id="000000000000", region="eu-west-1", rest_api=api)


def document(deployment: Any, stage: dict[str, Any] | None = None) -> StageDocument:
    found = stage_document("tidings", "d1", deployment, stage or STAGE)
    assert found is not None
    return found


def test_a_whole_stage() -> None:
    types = ["text~1csv", "text/csv", "*/*"]
    response = {"statusCode": "404", "responseTemplates": {"a/b": "c"}, "responseParameters": None}
    assert document(
        frozen(
            RESOURCE,
            binaryMediaTypes=types,
            gateway_responses={"DEFAULT_4XX": response},
        )
    ) == {
        "api_id": "tidings",
        "stage": "local",
        "account_id": "000000000000",
        "region": "eu-west-1",
        "deployment_id": "d1",
        "variables": {"color": "blue"},
        "binary_media_types": ["*/*", "text/csv"],
        "gateway_responses": {
            "DEFAULT_4XX": {"status_code": "404", "parameters": {}, "templates": {"a/b": "c"}}
        },
        "resources": [
            {
                "id": "r1",
                "path": "/orders",
                "methods": [
                    {
                        "http_method": "GET",
                        "authorization_type": "NONE",
                        "api_key_required": False,
                        "request_validator_id": None,
                        "integration": {
                            "type": "AWS_PROXY",
                            "uri": "arn:of:the:function",
                            "http_method": "POST",
                            "timeout_ms": 5000,
                            "credentials": None,
                            "content_handling": None,
                            "request_parameters": {},
                        },
                    }
                ],
            }
        ],
    }


def test_missing_values_are_empty() -> None:
    found = document(frozen(), {"stageName": "local"})
    assert (found["variables"], found["binary_media_types"], found["resources"]) == ({}, [], [])


def test_requirements_of_a_method() -> None:
    method = METHOD | {
        "authorizationType": "CUSTOM",
        "apiKeyRequired": True,
        "requestValidatorId": "v1",
        "methodIntegration": None,
    }
    found = document(frozen(RESOURCE | {"resourceMethods": {"ANY": method}}))
    assert found["resources"][0]["methods"] == [
        {
            "http_method": "ANY",
            "authorization_type": "CUSTOM",
            "api_key_required": True,
            "request_validator_id": "v1",
            "integration": None,
        }
    ]


def test_stage_with_a_canary_is_left_to_localstack() -> None:
    stage = STAGE | {"canarySettings": {"percentTraffic": 10.0}}
    assert stage_document("tidings", "d1", frozen(RESOURCE), stage) is None
