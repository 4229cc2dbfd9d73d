"""The decorators of HTTP endpoints: check the role, validate input, call the operation, respond."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from tidings.platform import tracing
from tidings.platform.context import accept_correlation_id, called_from, correlated
from tidings.platform.entry.answers import (
    CORRELATION_HEADER,
    Reply,
    completed,
    json_response,
    plain,
    refusal,
    success,
)
from tidings.platform.entry.conditional import conditional
from tidings.platform.entry.invocation import LambdaEvent, invocation, lambda_handler
from tidings.platform.entry.problems import problem_of
from tidings.platform.entry.requests import (
    Request,
    header,
    read_request,
    sole_header,
    source_address,
)
from tidings.platform.errors import TidingsError
from tidings.platform.operation import Operation
from tidings.platform.security.admission import admit_caller, authenticated, begin
from tidings.platform.security.auth import (
    Role,
    prepare_to_authenticate,
    require,
)

JSON: Final = "application/json"
Answer = dict[str, Any]
LambdaHandler = Callable[[LambdaEvent, Any], Answer]


@dataclass(frozen=True, kw_only=True)
class EndpointContract:
    """The input and output of an endpoint; the OpenAPI document is generated from these.

    Args:
        role: the least role that may call; PUBLIC for anyone.
        services: whether services may call, too.
        body: the model of the JSON body, if there is one. If none of its fields is required, the
            body may be missing. A `FileBody` is read as a file.
        query: the model of the query string, if it is read.
        headers: the model of the headers that are read; a field's alias is the header's name.
        returns: the type of the envelope's `data`; `list[X]` for a page of X.
        refusals: the errors that the operation may raise, besides bad input and missing rights.
        status: the status of success.
        also_status: other statuses than `status` that respond with `returns`.
        reads_token: False if the caller does not matter and an expired access token must not
            prevent the call.
        media_type: that of the response. Only JSON has the envelope; others are texts.
        refusal_media_type: that of refusals, if it is another one than `media_type`. Refusals of
            an operation are in the envelope in any case.
        operation: the domain's operation.
    """

    role: Role | None
    services: bool = False
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    returns: Any = None
    refusals: tuple[type[TidingsError], ...] = ()
    status: int = 200
    also_status: tuple[int, ...] = ()
    reads_token: bool = True
    media_type: str = JSON
    refusal_media_type: str | None = None
    operation: Operation | None = None


def http_handler(
    effect: Callable[..., Any], *, refused: Callable[[Exception], Answer]
) -> Callable[[Callable[[LambdaEvent], Answer]], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event), named like `effect`, from a function.

    Its response gets the headers that every response has. `refused` returns the response for an
    error.
    """

    def decorate(answer: Callable[[LambdaEvent], Answer]) -> LambdaHandler:
        @lambda_handler(effect)
        def handler(event: LambdaEvent, _context: Any) -> Answer:
            begin()
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    given = answer(event)
                except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
                    given = refused(error)
                given = conditional(given, _method(event), header(event, "If-None-Match"))
                tracing.annotate("http_status", given["statusCode"])
                forwarded = header(event, "X-Forwarded-Proto")
                return given | {"headers": completed(given["headers"], forwarded)}

        return handler

    return decorate


def endpoint(
    contract: EndpointContract,
) -> Callable[[Callable[[Request[Any, Any, Any]], Reply]], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event) from a function of a request.

    Most functions need only `rest.rest`, which derives this from an operation.
    """

    if contract.reads_token:
        prepare_to_authenticate()

    def decorate(operation: Callable[[Request[Any, Any, Any]], Reply]) -> LambdaHandler:
        @http_handler(operation, refused=_refused)
        def handler(event: LambdaEvent) -> Answer:
            with called_from(source_address(event)), invocation():
                reply = operation(_request(event, contract))
            if contract.media_type != JSON:
                return plain(reply, contract.status, contract.media_type)
            return success(reply, contract.status)

        handler.contract = contract  # type: ignore[attr-defined]
        return handler

    return decorate


def public_document(
    *, max_age_seconds: int
) -> Callable[[Callable[[], dict[str, Any]]], LambdaHandler]:
    """Make a Lambda handler from a function that returns a document defined by a standard.

    Anyone may read it and cache it for `max_age_seconds`. It is sent without the envelope.
    """
    headers = {"Cache-Control": f"public, max-age={max_age_seconds}"}

    def decorate(content: Callable[[], dict[str, Any]]) -> LambdaHandler:
        @http_handler(content, refused=_refused)
        def handler(_event: LambdaEvent) -> Answer:
            return json_response(200, content(), headers)

        return handler

    return decorate


def _method(event: LambdaEvent) -> str:
    return str(event.get("httpMethod", "")).upper()


def _refused(error: Exception) -> Answer:
    return refusal(problem_of(error))


def _request(event: LambdaEvent, contract: EndpointContract) -> Request[Any, Any, Any]:
    token = sole_header(event, "Authorization") if contract.reads_token else None
    principal = admit_caller(authenticated(token))
    if contract.operation is not None:
        contract.operation.check(principal)
    elif contract.role is not None:
        require(principal, contract.role, services=contract.services)
    return read_request(
        event, principal, body=contract.body, query=contract.query, headers=contract.headers
    )
