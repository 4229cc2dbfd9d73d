"""Calls of REST APIs on a running stack (AWS_ENDPOINT_URL) follow deployments."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.test_localstack_lambda import Functions, client
from tests.settings import run_options

ACCOUNT = "000000000000"
SAYS = (
    "import json\n"
    "def handler(event, context):\n"
    "    said = {'word': WORD, 'arn': context.invoked_function_arn, 'event': event}\n"
    "    return {'statusCode': 200, 'headers': {'X-Word': WORD}, 'body': json.dumps(said)}\n"
)


def saying(word: str) -> str:
    return f"WORD = {word!r}\n{SAYS}"


class Api:
    """A REST API with one resource, `/things/{id}`, created and deployed by AWS's API."""

    def __init__(self) -> None:
        self.client = client("apigateway")
        api = self.client.create_rest_api(
            name=f"routes-{uuid.uuid4().hex[:8]}", binaryMediaTypes=["image/png"]
        )
        self.id = api["id"]
        things = self._resource(api["rootResourceId"], "things")
        self.resource = self._resource(things, "{id}")

    def _resource(self, parent: str, part: str) -> str:
        made = self.client.create_resource(restApiId=self.id, parentId=parent, pathPart=part)
        return str(made["id"])

    def method(self, name: str, **integration: Any) -> None:
        where = {"restApiId": self.id, "resourceId": self.resource, "httpMethod": name}
        self.client.put_method(**where, authorizationType="NONE")
        self.client.put_integration(**where, **integration)

    def lead_to(self, function: str, method: str = "ANY") -> None:
        """Integrate `function`, a name with an optional qualifier or stage variables."""
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}"
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        self.method(method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)

    def deploy(self, stage: str = "test", **more: Any) -> str:
        made = self.client.create_deployment(restApiId=self.id, stageName=stage, **more)
        return str(made["id"])

    def change(self, stage: str, path: str, value: str) -> None:
        operation = {"op": "replace", "path": path, "value": value}
        self.client.update_stage(restApiId=self.id, stageName=stage, patchOperations=[operation])

    def call(self, path: str = "/things/7", method: str = "GET", **more: Any) -> httpx.Response:
        stage = more.pop("stage", "test")
        address = f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{self.id}/{stage}{path}"
        return httpx.request(method, address, timeout=60, **more)

    def word(self, **call: Any) -> str:
        response = self.call(**call)
        assert response.status_code == 200, response.text
        return str(response.json()["word"])


@pytest.fixture
def functions() -> Iterator[Functions]:
    functions = Functions()
    yield functions
    functions.delete_all()


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    with contextlib.suppress(api.client.exceptions.NotFoundException):
        api.client.delete_rest_api(restApiId=api.id)


def test_deployment_is_served_at_once_and_a_draft_never(functions: Functions, api: Api) -> None:
    first, second = (functions.create(saying(word)) for word in ("first", "second"))
    api.lead_to(first)
    assert api.call().status_code == 404
    api.deploy()
    assert api.word() == "first"
    api.lead_to(second)
    assert api.word() == "first", "a draft must not be served"
    api.deploy()
    assert api.word() == "second"


def test_event_of_a_request(functions: Functions, api: Api) -> None:
    api.lead_to(functions.create(saying("it")))
    deployment = api.deploy(variables={"color": "blue"})
    response = api.call(
        "/things/a%2Fb?x=1&x=%C3%BC", "POST", content=b"\xff", headers={"Content-Type": "image/png"}
    )
    event = response.json()["event"]
    assert event["resource"] == "/things/{id}"
    assert event["path"] == "/things/a%2Fb"
    assert event["pathParameters"] == {"id": "a%2Fb"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "ü"]}
    assert event["stageVariables"] == {"color": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)
    context = event["requestContext"]
    assert (context["apiId"], context["stage"]) == (api.id, "test")
    assert (context["deploymentId"], context["resourceId"]) == (deployment, api.resource)
    assert response.headers["X-Word"] == "it"
    assert response.headers["x-amzn-RequestId"] == context["requestId"]


def test_stages_follow_their_settings(functions: Functions, api: Api) -> None:
    blue, green = (functions.create(saying(word)) for word in ("blue", "green"))
    api.lead_to("${stageVariables.function}")
    first = api.deploy(variables={"function": blue})
    assert api.word() == "blue"
    api.change("test", "/variables/function", green)
    assert api.word() == "green"
    api.lead_to(blue)
    api.deploy("other")
    assert (api.word(stage="other"), api.word()) == ("blue", "green")
    api.change("other", "/deploymentId", first)
    api.client.delete_stage(restApiId=api.id, stageName="test")
    assert api.call().status_code == 404
    assert api.call(stage="other").status_code >= 500, "the stage has no such variable"


def test_alias_calls_its_version(functions: Functions, api: Api) -> None:
    name = functions.create(saying("one"))
    functions.api.publish_version(FunctionName=name)
    functions.api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    api.lead_to(f"{name}:live")
    api.deploy()
    functions.update(name, saying("two"))
    response = api.call().json()
    assert (response["word"], response["arn"].rpartition(":")[2]) == ("one", "live")
    version = functions.api.publish_version(FunctionName=name)["Version"]
    functions.api.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert api.word() == "two"


def test_new_code_is_called_at_once(functions: Functions, api: Api) -> None:
    name = functions.create(saying("old"))
    api.lead_to(name)
    api.deploy()
    assert api.word() == "old"
    functions.update(name, saying("new"))
    assert {api.word() for _ in range(5)} == {"new"}


@pytest.mark.skipif(run_options().front_door != "runner", reason="LocalStack answers")
def test_localstack_is_not_called(functions: Functions, api: Api) -> None:
    api.lead_to(functions.create(saying("it")))
    api.deploy()
    response = api.call(headers={"X-Mixed-Letters": "1"})
    assert "server" not in response.headers, "LocalStack's server would name itself"
    assert "X-Mixed-Letters" in response.json()["event"]["headers"]


def test_localstacks_integration_beside_a_function(functions: Functions, api: Api) -> None:
    api.lead_to(functions.create(saying("it")), "GET")
    api.method("POST", type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    where = {"restApiId": api.id, "resourceId": api.resource, "httpMethod": "POST"}
    api.client.put_method_response(**where, statusCode="200")
    api.client.put_integration_response(
        **where, statusCode="200", responseTemplates={"application/json": '{"mocked": true}'}
    )
    api.deploy()
    assert api.word() == "it"
    headers = {"Content-Type": "application/json"}
    assert api.call(method="POST", headers=headers, content=b"{}").json() == {"mocked": True}


def test_unknown_paths(functions: Functions, api: Api) -> None:
    api.lead_to(functions.create(saying("it")), "GET")
    api.deploy()
    for response in (api.call("/nothing"), api.call(method="DELETE")):
        assert response.status_code == 403
        assert response.json() == {"message": "Missing Authentication Token"}
    api.client.delete_rest_api(restApiId=api.id)
    assert api.call().status_code == 404


def test_functions_that_fail(functions: Functions, api: Api) -> None:
    fails = "def handler(event, context):\n    raise ValueError('no')\n"
    api.lead_to(functions.create(fails), "GET")
    api.lead_to(functions.create("def handler(event, context):\n    return ['no']\n"), "POST")
    api.lead_to("there-is-no-such-function", "PUT")
    api.deploy()
    for method in ("GET", "POST"):
        response = api.call(method=method)
        assert (response.status_code, response.json()) == (
            502,
            {"message": "Internal server error"},
        )
        assert response.headers["x-amzn-ErrorType"] == "InternalServerErrorException"
    assert api.call(method="PUT").status_code in {500, 502}, "AWS answers 500, LocalStack 502"


def test_both_protocols_and_the_old_path(functions: Functions, api: Api) -> None:
    api.lead_to(functions.create(saying("it")))
    api.deploy()
    plain = os.environ["AWS_ENDPOINT_URL"]
    secure = plain.replace("http:", "https:")
    way = f"{secure}/restapis/{api.id}/test/_user_request_/things/7"
    event = httpx.get(way, verify=False, timeout=60).json()["event"]
    assert event["requestContext"]["path"] == "/test/things/7"
    host = f"{api.id}.execute-api.localhost:4566"
    named = httpx.get(f"{plain}/test/things/8", headers={"Host": host}, timeout=60).json()["event"]
    assert named["requestContext"]["domainPrefix"] == api.id
    assert named["pathParameters"] == {"id": "8"}
