"""The gateway: GraphQL over HTTP (https://graphql.github.io/graphql-over-http/draft/)."""

from collections.abc import Callable
from typing import Any, Final

import graphiql
from chalice.app import Chalice, Request, Response
from documents import MAX_ERRORS
from execution import (
    MAX_FIELD_ERRORS,
    Answer,
    GraphQLRequest,
    MutationByGet,
    RequestRefused,
    format_errors,
    run,
    to_json,
)
from limits import MAX_BULK_BYTES, is_for_bulk
from resolvers.caller import GatewayContext

from tidings.platform.context import accept_correlation_id, called_from, correlated
from tidings.platform.entry import cors
from tidings.platform.entry.answers import CORRELATION_HEADER, completed
from tidings.platform.entry.conditional import conditional
from tidings.platform.entry.invocation import invocation, watched
from tidings.platform.entry.problems import Problem, problem_of
from tidings.platform.entry.requests import MAX_BODY_BYTES, sole_header
from tidings.platform.errors import InvalidInput, NotFound, PayloadTooLarge
from tidings.platform.inputs.json_text import parse_json
from tidings.platform.inputs.media_types import JSON, require_json
from tidings.platform.inputs.parsing import parsed
from tidings.platform.security.admission import (
    admit_caller,
    authenticated,
    begin,
    refuse_known,
)
from tidings.platform.security.auth import Principal, authenticate, prepare_to_authenticate
from tidings.platform.settings import settings
from tidings.platform.text.excerpts import excerpt

GRAPHQL_JSON: Final = "application/graphql-response+json"
# Caches may serve public answers for this long, so prices and stock may be this old.
PUBLIC_SECONDS: Final = 10

prepare_to_authenticate()

# Our logger has the same name: its lines would be there twice.
app = Chalice(app_name="tidings-gateway", configure_logs=False)


@app.middleware("http")
def correlate(request: Request, get_response: Callable[[Request], Response]) -> Response:
    """Add the correlation id and the standard headers to every response, also to errors."""
    begin()
    with correlated(accept_correlation_id(request.headers.get(CORRELATION_HEADER))):
        response = get_response(request)
        own = {name: str(value) for name, value in response.headers.items()}
        given = conditional(
            {"statusCode": response.status_code, "headers": own, "body": response.body},
            request.method,
            request.headers.get("if-none-match"),
        )
        response.status_code, response.body = given["statusCode"], given["body"]
        response.headers = {**completed(given["headers"], request.headers.get("x-forwarded-proto"))}
        return response


# Chalice would accept `text/plain; application/json` as JSON, so `_request` checks media types.
@app.route("/graphql", methods=["POST"], content_types=["*/*"])
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
    """Return a file of the GraphiQL page."""
    content = graphiql.file(file) if settings().graphiql else None
    if content is None:
        return _refusal(problem_of(NotFound("There is nothing at this address.")), JSON)
    return Response(body=content, status_code=200, headers={**graphiql.file_headers(file)})


@app.route("/graphql", methods=["OPTIONS"])
def preflight_graphql() -> Response:
    """Answer whether a page of another origin may call."""
    headers = cors.preflight_headers_for(
        _current().headers.get("origin"),
        methods=("GET", "POST"),
        headers=("Authorization", "Content-Type"),
    )
    return Response(body="", status_code=204, headers={"Allow": "GET, POST, OPTIONS", **headers})


def _is_browsing() -> bool:
    request = _current()
    accepts_pages = "text/html" in request.headers.get("accept", "").lower()
    return accepts_pages and not request.query_params and settings().graphiql


def _respond(*, read_only: bool) -> Response:
    headers = _current().headers
    media_type = _negotiate(headers.get("accept"))
    if media_type is None:
        return _response(406, {"errors": [{"message": f"Accept {JSON}."}]}, JSON)
    try:
        watching = watched(app.lambda_context, headers.get("traceparent"))
        with watching, called_from(_source_address()), invocation():
            return _run(read_only=read_only, media_type=media_type)
    except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
        return _refusal(problem_of(error), media_type)


def _run(*, read_only: bool, media_type: str) -> Response:
    request = _request()
    caller = _Caller(authenticated(_sole_header("Authorization")))
    try:
        answer = caller.run(request, read_only=read_only)
    except RequestRefused as refused:
        # With application/json a well-formed request gets status 200, as older clients expect.
        status = 400 if media_type == GRAPHQL_JSON else 200
        return _response(status, {"errors": format_errors(refused.errors, MAX_ERRORS)}, media_type)
    except MutationByGet:
        problem = Problem(405, "BAD_USER_INPUT", "GET may only query. Send a POST.")
        return _refusal(problem, media_type, {"Allow": "POST"})
    body = f'{{"data":{answer.data}}}'
    if answer.errors:
        errors = to_json(format_errors(answer.errors, MAX_FIELD_ERRORS))
        body = f'{{"data":{answer.data},"errors":{errors}}}'
    shared = read_only and caller.principal is None and not answer.errors
    return _response(200, body, media_type, _shared_caching() if shared else None)


class _Caller:
    """Counts the request of a caller: by the cost of its document, or as one call without one."""

    def __init__(self, principal: Principal | None) -> None:
        self.principal = principal
        self._is_counted = False

    def run(self, request: GraphQLRequest, *, read_only: bool) -> Answer:
        """Run a request; see `execution.run`.

        Raises:
            RateLimited: the caller made too many calls.
            Unauthenticated: the session has ended.
        """
        refuse_known(self.principal)
        context = GatewayContext(self.principal)
        try:
            return run(request, context, read_only=read_only, admit=self._admit)
        except Exception:
            # A document that was refused before its price was known counts as one call.
            if not self._is_counted:
                self._admit()
            raise

    def _admit(self, calls: int = 1) -> Principal | None:
        self._is_counted = True
        return admit_caller(self.principal, calls)


def _shared_caching() -> dict[str, str]:
    """Return the headers of a response that is the same for everyone and may be cached."""
    return {
        "Cache-Control": f"public, max-age={PUBLIC_SECONDS}",
        "Vary": "Accept, Authorization, Origin",
    }


def _current() -> Request:
    request = app.current_request
    assert request is not None, "Chalice is not handling a request"
    return request


def _sole_header(name: str) -> str | None:
    return sole_header(_current().to_original_event(), name)


def _source_address() -> str | None:
    address: str | None = (_current().context.get("identity") or {}).get("sourceIp")
    return address


def _request() -> GraphQLRequest:
    """Return the parameters of the request.

    Raises:
        InvalidInput: the parameters are malformed, or one has the wrong type.
        PayloadTooLarge: the body is too large.
        UnsupportedMediaType: the body is not declared as JSON.
    """
    current = _current()
    if current.method == "GET":
        return parsed(GraphQLRequest, _from_url(current.query_params or {}))
    require_json(_sole_header("Content-Type"))
    return parsed(GraphQLRequest, _one_request(_from_body(current)))


def _max_bytes(size: int) -> int:
    """Return the limit for a body of this size; only a large one is worth a look at the caller."""
    is_large = size > MAX_BODY_BYTES
    if is_large and is_for_bulk(authenticate(_sole_header("Authorization"))):
        return MAX_BULK_BYTES
    return MAX_BODY_BYTES


def _from_body(current: Request) -> Any:
    try:
        raw = current.raw_body
        raw = raw.encode() if isinstance(raw, str) else raw
        if len(raw) > (most := _max_bytes(len(raw))):
            raise PayloadTooLarge(f"The body is larger than {most} bytes.")
        return parse_json(raw)
    except ValueError:
        raise InvalidInput("The body is not JSON.", field="body") from None


def _one_request(content: Any) -> Any:
    """Refuse batches: the specification has none, and clients can send several requests at once.

    Raises:
        InvalidInput: the body is a list.
    """
    if isinstance(content, list):
        raise InvalidInput("Send one request at a time; batches are not supported.", field="body")
    return content


def _from_url(parameters: Any) -> dict[str, Any]:
    """Return the parameters of a query by GET.

    Raises:
        InvalidInput: a parameter occurs twice, or is not JSON.
    """
    for name in GraphQLRequest.model_json_schema()["properties"]:
        if name in parameters and len(set(parameters.getlist(name))) > 1:
            raise InvalidInput(f"Send {name} once.", field=name)
    request: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        if name in request:
            try:
                request[name] = parse_json(request[name].encode())
            except ValueError:
                raise InvalidInput(f"{name} is not JSON.", field=name) from None
    return request


def _negotiate(accept: str | None) -> str | None:
    """Return the media type of the response; JSON for clients that do not name GraphQL's own."""
    offers = [part.split(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    if GRAPHQL_JSON in offers:
        return GRAPHQL_JSON
    return JSON if {JSON, "application/*", "*/*"} & set(offers) else None


def _refusal(problem: Problem, media_type: str, headers: dict[str, str] | None = None) -> Response:
    extensions: dict[str, Any] = {"code": problem.code}
    if problem.retry_after is not None:
        extensions["retryAfter"] = problem.retry_after
    if problem.details:
        extensions["field"] = problem.details[0]["field"]
    content = {"errors": [{"message": excerpt(problem.message), "extensions": extensions}]}
    return _response(problem.status, content, media_type, problem.headers | (headers or {}))


def _response(
    status: int, content: Any, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    """Return a response; `content` is its JSON text, or the value of it."""
    own = {
        "Content-Type": f"{media_type}; charset=utf-8",
        **cors.headers_for(_current().headers.get("origin")),
    }
    body = content if isinstance(content, str) else to_json(content)
    return Response(body=body, status_code=status, headers={**own, **(headers or {})})
