"""The gateway: GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/)."""

import json
from collections.abc import Callable
from typing import Any, Final

import cors
import graphiql
from chalice.app import Chalice, Request, Response
from execution import GraphQLRequest, MutationByGet, RequestRefused, format_error, run
from pydantic import ValidationError
from resolvers.caller import GatewayContext

from tidings.platform.auth import authenticate
from tidings.platform.context import accept_correlation_id, called_from, correlated, correlation_id
from tidings.platform.errors import InvalidInput, NotFound, PayloadTooLarge
from tidings.platform.http import CORRELATION_HEADER, MAX_BODY_BYTES
from tidings.platform.invocation import invocation
from tidings.platform.limits import admit
from tidings.platform.logging import logger
from tidings.platform.problems import Problem, problem_of
from tidings.platform.settings import settings

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
# How long caches may answer for us what anybody may ask: prices and stock age with it.
PUBLIC_SECONDS: Final = 10
NOT_KEPT: Final = {"Cache-Control": "no-store"}

app = Chalice(app_name="tidings-gateway")


@app.middleware("http")
def correlate(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Give every answer its correlation id: Chalice's own refusals (405, 415), too."""
    with correlated(accept_correlation_id(request.headers.get(CORRELATION_HEADER))):
        response = get_response(request)
        response.headers.setdefault(CORRELATION_HEADER, correlation_id() or "")
        return response


@app.route("/graphql", methods=["POST"], content_types=[JSON])
def post_graphql() -> Response:
    """Run the operation in the JSON body."""
    return _respond(read_only=False)


@app.route("/graphql", methods=["GET"])
def get_graphql() -> Response:
    """Run the query in the URL; GET may only read. A browser without a query gets GraphiQL."""
    if _is_browsing():
        return Response(body=graphiql.page(), status_code=200, headers={**graphiql.headers()})
    return _respond(read_only=True)


@app.route("/graphql/{file}", methods=["GET"])
def get_graphiql_file(file: str) -> Response:
    """Give a file of the GraphiQL page."""
    content = graphiql.file(file) if settings().graphiql else None
    if content is None:
        return _refusal(problem_of(NotFound("There is nothing at this address.")), JSON)
    return Response(body=content, status_code=200, headers={**graphiql.file_headers(file)})


@app.route("/graphql", methods=["OPTIONS"])
def preflight_graphql() -> Response:
    """Say whether another site's page may call."""
    headers = cors.preflight_headers_for(_current().headers.get("origin"))
    return Response(body="", status_code=204, headers={"Allow": "GET, POST, OPTIONS", **headers})


def _is_browsing() -> bool:
    request = _current()
    accepts_pages = "text/html" in request.headers.get("accept", "").lower()
    return accepts_pages and not request.query_params and settings().graphiql


def _respond(*, read_only: bool) -> Response:
    headers = _current().headers
    media_type = _negotiate(headers.get("accept"))
    logger.append_keys(aws_request_id=app.lambda_context.aws_request_id)
    if media_type is None:
        return _response(406, {"errors": [{"message": f"Accept {JSON}."}]}, JSON)
    try:
        with called_from(_source_address()), invocation():
            return _run(read_only=read_only, media_type=media_type)
    except Exception as error:  # noqa: BLE001 (problem_of logs what it does not know)
        return _refusal(problem_of(error), media_type)


def _run(*, read_only: bool, media_type: str) -> Response:
    request = _request()
    principal = authenticate(_current().headers.get("authorization"))
    if principal is not None:
        admit(principal)
    context = GatewayContext(principal)
    try:
        result = run(request, context, read_only=read_only)
    except RequestRefused as refused:
        # With application/json a well-formed request is answered with 200, as old clients expect.
        status = 400 if media_type == GRAPHQL_JSON else 200
        return _response(status, {"errors": [format_error(e) for e in refused.errors]}, media_type)
    except MutationByGet:
        problem = Problem(405, "BAD_USER_INPUT", "GET may only query. Send a POST.")
        return _refusal(problem, media_type, {"Allow": "POST"})
    content: dict[str, Any] = {"data": result.data}
    if result.errors:
        content["errors"] = [format_error(error) for error in result.errors]
    shared = read_only and context.principal is None and not result.errors
    return _response(200, content, media_type, _shared_caching() if shared else None)


def _shared_caching() -> dict[str, str]:
    """What everybody is told may be kept; the answer depends on these headers."""
    return {
        "Cache-Control": f"public, max-age={PUBLIC_SECONDS}",
        "Vary": "Accept, Authorization, Origin",
    }


def _current() -> Request:
    request = app.current_request
    assert request is not None, "only while Chalice handles a request"
    return request


def _source_address() -> str | None:
    address: str | None = (_current().context.get("identity") or {}).get("sourceIp")
    return address


def _request() -> GraphQLRequest:
    """Return the parameters of the request.

    Raises:
        InvalidInput, PayloadTooLarge, pydantic.ValidationError: they are malformed.
    """
    current = _current()
    if current.method == "GET":
        return GraphQLRequest.model_validate(_from_url(current.query_params or {}))
    try:
        if len(current.raw_body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return GraphQLRequest.model_validate(_one_request(json.loads(current.raw_body)))
    except (ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            raise
        raise InvalidInput("The body is not JSON.", field="body") from None


def _one_request(content: Any) -> Any:
    """Refuse batches: the specification knows none, and clients can open several streams.

    Raises:
        InvalidInput: it is a list.
    """
    if isinstance(content, list):
        raise InvalidInput("Send one request at a time; batches are not served.", field="body")
    return content


def _from_url(parameters: Any) -> dict[str, Any]:
    request: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in request:
            try:
                request[name] = json.loads(request[name])
            except (ValueError, RecursionError):
                raise InvalidInput(f"{name} is not JSON.", field=name) from None
    return request


def _negotiate(accept: str | None) -> str | None:
    """Return the media type to answer with; JSON for clients that say nothing of GraphQL's own."""
    offers = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    if GRAPHQL_JSON in offers:
        return GRAPHQL_JSON
    return JSON if {JSON, "application/*", "*/*"} & set(offers) else None


def _refusal(problem: Problem, media_type: str, headers: dict[str, str] | None = None) -> Response:
    extensions = {"code": problem.code}
    if problem.details:
        extensions["field"] = problem.details[0]["field"]
    content = {"errors": [{"message": problem.message, "extensions": extensions}]}
    return _response(problem.status, content, media_type, problem.headers | (headers or {}))


def _response(
    status: int, content: Any, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    own = {
        "Content-Type": f"{media_type}; charset=utf-8",
        CORRELATION_HEADER: correlation_id() or "",
        **NOT_KEPT,
        **cors.headers_for(_current().headers.get("origin")),
    }
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    return Response(body=body, status_code=status, headers={**own, **(headers or {})})
