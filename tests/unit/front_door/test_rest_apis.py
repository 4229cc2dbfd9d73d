import asyncio
import logging
from typing import Any

import pytest

from tests.unit.front_door.builders import (
    FUNCTION,
    PREFIX,
    Function,
    a_method,
    a_request,
    a_resource,
    a_stage,
    an_integration,
    answered,
    headers_of,
    message_of,
    uri_of,
)
from tidings_local.front_door.deployed import StageDocument
from tidings_local.front_door.http import Response
from tidings_local.front_door.rest_apis import BODY_LIMIT_BYTES, EVENT_LIMIT_BYTES, RestApis
from tidings_local.lambda_host import HostStoppedError, Invocation, Outcome, ThrottledError

INTERNAL = {"message": "Internal server error"}


def a_stage_with(**integration: Any) -> StageDocument:
    return a_stage(
        a_resource("/graphql", a_method("ANY", integration=an_integration(**integration)))
    )


def test_a_function_answers() -> None:
    function = Function({"statusCode": 201, "headers": {"X-Mine": "1"}, "body": "done"})
    response = answered(a_request(), invoke=function)
    assert response is not None
    assert (response.status, response.body) == (201, b"done")
    assert (b"X-Mine", b"1") in response.headers
    arn, invocation = function.called[0]
    assert (arn, invocation.invoked_arn) == (FUNCTION, FUNCTION)
    headers = headers_of(response)
    assert headers["x-amzn-requestid"] == function.event["requestContext"]["requestId"]
    assert headers["x-amz-apigw-id"] == function.event["requestContext"]["extendedRequestId"]
    assert headers["x-amzn-trace-id"] == invocation.trace_id


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/_aws/execute-api/other/local/graphql",
        "/_aws/execute-api/tidings/Local/graphql",
        "/_localstack/health",
    ],
)
def test_undeployed_stages_are_forwarded_to_localstack(target: str) -> None:
    assert answered(a_request(target)) is None


@pytest.mark.parametrize(
    "method",
    [
        a_method(authorization_type="AWS_IAM"),
        a_method(authorization_type="CUSTOM"),
        a_method(api_key_required=True),
        a_method(request_validator_id="v1"),
        a_method(integration=None),
        a_method(integration=an_integration(type="MOCK", uri=None)),
        a_method(integration=an_integration(type="AWS")),
        a_method(integration=an_integration(http_method="GET")),
        a_method(integration=an_integration(http_method=None)),
        a_method(integration=an_integration(credentials="arn:aws:iam::1:role/r")),
        a_method(integration=an_integration(content_handling="CONVERT_TO_TEXT")),
        a_method(integration=an_integration(request_parameters={"a": "b"})),
        a_method(integration=an_integration(uri=None)),
        a_method(integration=an_integration(uri=uri_of("nothing"))),
        a_method(integration=an_integration(uri="arn:aws:apigateway:us-east-1:sqs:path/1/q")),
    ],
)
def test_unsupported_methods_are_forwarded_to_localstack(method: Any) -> None:
    assert answered(a_request(), a_stage(a_resource("/graphql", method))) is None


@pytest.mark.parametrize(("target", "method"), [("/nowhere", "GET"), ("/graphql", "DELETE")])
def test_path_without_a_resource(target: str, method: str) -> None:
    stage = a_stage(a_resource("/graphql", a_method("GET")))
    response = answered(a_request(PREFIX + target, method), stage)
    assert message_of(response) == (403, {"message": "Missing Authentication Token"})
    headers = headers_of(response)
    assert headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert {"x-amzn-requestid", "x-amz-apigw-id"} <= headers.keys()


def test_forwarded_method_beside_an_answered_one() -> None:
    mock = a_method("OPTIONS", integration=an_integration(type="MOCK"))
    stage = a_stage(a_resource("/graphql", a_method("POST"), mock))
    assert answered(a_request(method="OPTIONS"), stage) is None
    assert answered(a_request(method="POST"), stage) is not None


def test_double_slash_in_front() -> None:
    function = Function()
    answered(a_request(f"{PREFIX}//graphql"), invoke=function)
    assert function.event["path"] == "/graphql"


def test_stage_variables_in_the_uri() -> None:
    function = Function()
    stage = a_stage_with(uri=uri_of(FUNCTION + "${stageVariables.more}:${stageVariables.alias}"))
    stage["variables"] = {"alias": "live", "more": "-2"}
    answered(a_request(), stage, invoke=function)
    assert function.called[0][0] == f"{FUNCTION}-2:live"


def test_missing_stage_variable_is_empty() -> None:
    function = Function()
    answered(
        a_request(), a_stage_with(uri=uri_of(FUNCTION + "${stageVariables.x}")), invoke=function
    )
    assert function.called[0][0] == FUNCTION


def test_a_new_deployment_replaces_the_old_one() -> None:
    async def answers() -> list[Any]:
        apis = RestApis(Function())
        given = [apis.answer(a_request())]
        apis.replace([a_stage()])
        first = apis.answer(a_request())
        given.append(first)
        apis.replace([a_stage(stage="other")])
        given.append(apis.answer(a_request()))
        assert first is not None
        assert (await first).status == 200, "an accepted call must be answered"
        return given

    before, between, after = asyncio.run(answers())
    assert (before, after) == (None, None)
    assert between is not None


def test_unreadable_stage_affects_no_other(caplog: pytest.LogCaptureFixture) -> None:
    broken: Any = {"api_id": "tidings", "stage": "broken"}
    response = answered(a_request(), broken, a_stage())
    assert response is not None
    assert response.status == 200
    assert "cannot be read" in caplog.text


def test_a_functions_error() -> None:
    function = Function({"errorMessage": "no", "errorType": "Error"}, is_error=True)
    response = answered(a_request(), invoke=function)
    assert message_of(response) == (502, INTERNAL)
    assert headers_of(response)["x-amzn-errortype"] == "InternalServerErrorException"
    assert "x-amzn-trace-id" not in headers_of(response)


def test_error_in_the_form_of_an_answer() -> None:
    function = Function({"statusCode": 200}, is_error=True)
    assert message_of(answered(a_request(), invoke=function)) == (502, INTERNAL)


def test_a_malformed_answer(caplog: pytest.LogCaptureFixture) -> None:
    response = answered(a_request(), invoke=Function(["no"]))
    assert message_of(response) == (502, INTERNAL)
    assert "cannot be sent" in caplog.text


@pytest.mark.parametrize(
    "error", [ThrottledError(FUNCTION, 10), LookupError("unknown"), OSError("gone")]
)
def test_throttled_function(error: Exception) -> None:
    async def refuse(arn: str, invocation: Invocation) -> Outcome:
        raise error

    assert message_of(answered(a_request(), invoke=refuse)) == (500, INTERNAL)


def test_runner_that_is_stopping() -> None:
    async def refuse(arn: str, invocation: Invocation) -> Outcome:
        raise HostStoppedError

    response = answered(a_request(), invoke=refuse)
    assert message_of(response) == (503, {"message": "Service Unavailable"})


def test_a_body_that_is_too_large() -> None:
    function = Function()
    request = a_request(method="POST", body=b"x" * (BODY_LIMIT_BYTES + 1))
    response = answered(request, invoke=function)
    assert message_of(response) == (413, {"message": "Request Too Long"})
    assert not function.called


def test_an_event_that_is_too_large() -> None:
    function = Function()
    request = a_request(method="POST", body=b"x" * EVENT_LIMIT_BYTES)
    assert message_of(answered(request, invoke=function))[0] == 413
    assert not function.called


def test_a_function_that_takes_too_long(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Function):
        ended = False

        def __init__(self) -> None:
            super().__init__()
            self.may_end = asyncio.Event()

        async def __call__(self, arn: str, invocation: Invocation) -> Outcome:
            await self.may_end.wait()
            self.ended = True
            return await super().__call__(arn, invocation)

    function = Slow()

    async def answer() -> Response:
        apis = RestApis(function)
        apis.replace([a_stage_with(timeout_ms=50)])
        coming = apis.answer(a_request())
        assert coming is not None
        response = await coming
        assert not function.ended
        function.may_end.set()
        while not function.ended:
            await asyncio.sleep(0)
        return response

    assert message_of(asyncio.run(answer())) == (504, {"message": "Endpoint request timed out"})
    assert function.ended, "the function must continue, as on AWS"


def test_function_continues_when_its_caller_leaves() -> None:
    started, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def invoke(arn: str, invocation: Invocation) -> Outcome:
        started.set()
        await may_end.wait()
        ended.set()
        return await Function()(arn, invocation)

    async def go_away() -> None:
        apis = RestApis(invoke)
        apis.replace([a_stage()])
        coming = apis.answer(a_request())
        assert coming is not None
        task = asyncio.ensure_future(coming)
        await started.wait()
        task.cancel()
        await asyncio.wait({task})
        may_end.set()
        await asyncio.wait_for(ended.wait(), timeout=60)

    asyncio.run(go_away())


def test_error_of_a_function_without_a_waiting_caller_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    may_fail = asyncio.Event()

    async def fail(arn: str, invocation: Invocation) -> Outcome:
        await may_fail.wait()
        raise OSError("gone")

    async def answer() -> None:
        apis = RestApis(fail)
        apis.replace([a_stage_with(timeout_ms=10)])
        coming = apis.answer(a_request())
        assert coming is not None
        await coming
        may_fail.set()
        async with asyncio.timeout(60):
            while "failed after its caller left" not in caplog.text:
                await asyncio.sleep(0)

    with caplog.at_level(logging.ERROR):
        asyncio.run(answer())


def test_base64_answers_by_accept() -> None:
    function = Function({"body": "AP8=", "isBase64Encoded": True})
    stage = a_stage(binary_media_types=["image/*"])
    image = answered(a_request(headers=[(b"accept", b"image/png")]), stage, invoke=function)
    text = answered(a_request(headers=[(b"accept", b"*/*")]), stage, invoke=function)
    assert image is not None
    assert text is not None
    assert (image.body, text.body) == (b"\0\xff", b"AP8=")
