import json
from typing import Any

import pytest

from tests.unit.front_door.builders import a_request, a_stage, answered, headers_of
from tidings_local.front_door.deployed import GatewayResponseDocument
from tidings_local.front_door.gateway_responses import (
    MALFORMED,
    MISSING_TOKEN,
    NOT_CALLED,
    STOPPING,
    TIMED_OUT,
    TOO_LARGE,
    Fault,
    GatewayResponses,
    Scope,
)
from tidings_local.front_door.http import Response

SCOPE = Scope(
    context={"requestId": "r1", "stage": "local", "identity": {"sourceIp": "192.0.2.7"}},
    stage_variables={"color": "blue"},
    headers={"Origin": "https://shop.example"},
    query={"q": "1"},
    path={"order_id": "7"},
)


def changed(
    status: str | None = None,
    parameters: dict[str, str] | None = None,
    templates: dict[str, str] | None = None,
) -> GatewayResponseDocument:
    return {"status_code": status, "parameters": parameters or {}, "templates": templates or {}}


def answer(fault: Fault, **responses: GatewayResponseDocument) -> Response:
    return GatewayResponses(responses).answer(fault, SCOPE)


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        (MISSING_TOKEN, 403, "Missing Authentication Token"),
        (TOO_LARGE, 413, "Request Too Long"),
        (TIMED_OUT, 504, "Endpoint request timed out"),
        (MALFORMED, 502, "Internal server error"),
        (NOT_CALLED, 500, "Internal server error"),
        (STOPPING, 503, "Service Unavailable"),
    ],
)
def test_defaults_are_those_of_aws(fault: Fault, status: int, message: str) -> None:
    response = answer(fault)
    assert (response.status, json.loads(response.body)) == (status, {"message": message})
    assert headers_of(response) == {
        "content-type": "application/json",
        "x-amzn-errortype": fault.error_type,
    }


def test_a_changed_status() -> None:
    response = answer(MISSING_TOKEN, MISSING_AUTHENTICATION_TOKEN=changed("404"))
    assert response.status == 404
    assert json.loads(response.body) == {"message": "Missing Authentication Token"}


def test_default_4xx_and_5xx() -> None:
    general: Any = {"DEFAULT_4XX": changed("418"), "DEFAULT_5XX": changed("555")}
    assert answer(MISSING_TOKEN, **general).status == 418
    assert answer(TIMED_OUT, **general).status == 555
    assert answer(MALFORMED, **general).status == 555
    assert answer(TOO_LARGE, REQUEST_TOO_LARGE=changed("400"), **general).status == 400


def test_template() -> None:
    template = (
        '{"m":$context.error.messageString,"raw":"$context.error.message",'
        '"t":"$context.error.responseType","id":"$context.requestId","ip":"$context.identity.sourceIp",'
        '"c":"${stageVariables.color}","q":"$method.request.querystring.q",'
        '"p":"$method.request.path.order_id","none":"$context.nothing.there","cost":"5 $"}'
    )
    response = answer(MALFORMED, DEFAULT_5XX=changed(templates={"application/json": template}))
    assert response.status == 502
    assert json.loads(response.body) == {
        "m": "Internal server error",
        "raw": "Internal server error",
        "t": "DEFAULT_5XX",
        "id": "r1",
        "ip": "192.0.2.7",
        "c": "blue",
        "q": "1",
        "p": "7",
        "none": "",
        "cost": "5 $",
    }


def test_template_of_another_type() -> None:
    response = answer(TIMED_OUT, DEFAULT_5XX=changed(templates={"text/plain": "slow"}))
    assert (response.body, headers_of(response)["content-type"]) == (b"slow", "text/plain")


def test_headers() -> None:
    parameters = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
        "gatewayresponse.header.X-Origin": "method.request.header.Origin",
        "gatewayresponse.header.X-Id": "context.requestId",
        "gatewayresponse.header.x-amzn-errortype": "'Mine'",
        "something.else": "'ignored'",
    }
    response = answer(MALFORMED, DEFAULT_5XX=changed(parameters=parameters))
    assert headers_of(response) == {
        "content-type": "application/json",
        "access-control-allow-origin": "*",
        "x-origin": "https://shop.example",
        "x-id": "r1",
        "x-amzn-errortype": "Mine",
    }


def test_a_header_cannot_be_broken_in_two() -> None:
    scope = SCOPE._replace(headers={"Origin": "a\r\nSet-Cookie: b=1"})
    parameters = {"gatewayresponse.header.X-Origin": "method.request.header.Origin"}
    changes = {"DEFAULT_5XX": changed(parameters=parameters)}
    response = GatewayResponses(changes).answer(MALFORMED, scope)
    assert headers_of(response)["x-origin"] == "a  Set-Cookie: b=1"


def test_of_a_stage() -> None:
    template = {"application/json": '{"at":"$context.path","by":"$method.request.header.X-By"}'}
    stage = a_stage(gateway_responses={"DEFAULT_4XX": changed("404", templates=template)})
    request = a_request("/_aws/execute-api/tidings/local/nowhere", headers=[(b"X-By", b"me")])
    response = answered(request, stage)
    assert response is not None
    assert response.status == 404
    assert json.loads(response.body) == {"at": "/local/nowhere", "by": "me"}
