"""LocalStack's own way from a request to a function and back, for comparison.

LocalStack's interpreter runs this file. It serves one API with LocalStack's server and API Gateway,
without the rest of LocalStack. A stand-in for Lambda returns the event as the body, or the answer
in the request's header `X-Answer`.

Reads the API from its standard input as JSON and prints the port that it listens on.
"""

import base64
import json
import sys
from typing import Any

from localstack.services.apigateway.models import (
    MergedRestApi,
    RestApiDeployment,
    apigateway_stores,
)
from localstack.services.apigateway.next_gen.execute_api.integrations import aws
from localstack.services.apigateway.next_gen.execute_api.router import (
    ApiGatewayEndpoint,
    ApiGatewayRouter,
)
from localstack.services.edge import ROUTER
from rolo.gateway import Gateway, RequestContext
from rolo.gateway.handlers import RouterHandler
from rolo.serving.twisted import TwistedGateway
from twisted.internet import reactor as _reactor

reactor: Any = _reactor

ACCOUNT = "000000000000"
REGION = "us-east-1"


def deploy(api: dict[str, Any]) -> None:
    rest_api = MergedRestApi(api["rest_api"])
    rest_api.resources = {each["id"]: each for each in api["resources"]}
    rest_api.gateway_responses = api["gateway_responses"]
    store = apigateway_stores[ACCOUNT][REGION]
    store.internal_deployments[api["id"]] = {"d1": RestApiDeployment(ACCOUNT, REGION, rest_api)}
    store.active_deployments[api["id"]] = {api["stage"]["stageName"]: "d1"}
    ApiGatewayEndpoint.fetch_stage_configuration = staticmethod(lambda **_: api["stage"])


def call_lambda(event: bytes, **_: Any) -> bytes:
    headers = {name.lower(): value for name, value in json.loads(event)["headers"].items()}
    if "x-answer" in headers:
        return base64.b64decode(headers["x-answer"])
    return json.dumps({"statusCode": 200, "body": event.decode()}).encode()


def main() -> None:
    deploy(json.load(sys.stdin))
    aws.RestApiAwsProxyIntegration.call_lambda = staticmethod(call_lambda)
    ApiGatewayRouter(ROUTER).register_routes()
    gateway = Gateway(request_handlers=[RouterHandler(ROUTER, True)], context_class=RequestContext)
    port = reactor.listenTCP(0, TwistedGateway(gateway), interface="127.0.0.1")
    print(port.getHost().port, flush=True)
    reactor.run()


if __name__ == "__main__":
    main()
