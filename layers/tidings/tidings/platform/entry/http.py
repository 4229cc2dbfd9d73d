"""The decorator of REST endpoints: validate input, check the role, call the operation, respond."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, Generic

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from typing_extensions import TypeVar

from tidings.platform.context import (
    accept_correlation_id,
    called_from,
    correlated,
)
from tidings.platform.entry.answers import CORRELATION_HEADER, completed
from tidings.platform.entry.invocation import invocation
from tidings.platform.entry.problems import Problem, problem_of
from tidings.platform.errors import InvalidInput, NotFound, PayloadTooLarge, TidingsError
from tidings.platform.inputs.files import FileBody
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN
from tidings.platform.inputs.json_text import parse_json, whole_number
from tidings.platform.inputs.media_types import require_json
from tidings.platform.inputs.parsing import parsed
from tidings.platform.logging import logger
from tidings.platform.operation import Operation
from tidings.platform.security.admission import admit
from tidings.platform.security.auth import Principal, Role, authenticate, require, signed_in
from tidings.platform.storage.pagination import Page

MAX_BODY_BYTES: Final = 256 * 1024

# Patterns of path parameters. A parameter without a pattern here is the id of a document.
PERSON_PATTERN: Final = r"^(me|[0-9a-f]{24})$"
PATH_PATTERNS: Final[Mapping[str, str]] = {
    "user_id": PERSON_PATTERN,
    "token": r"^[A-Za-z0-9._-]{1,200}$",
    "suppression_id": r"^[0-9a-f]{64}$",
    "template_code": r"^[a-z][a-z0-9_]{0,63}$",
    # The id of a user or of a notification: API Gateway allows one parameter name per path segment.
    "id": PERSON_PATTERN,
}

Body = TypeVar("Body", bound=BaseModel | None, default=None)
Query = TypeVar("Query", bound=BaseModel | None, default=None)
Headers = TypeVar("Headers", bound=BaseModel | None, default=None)
LambdaEvent = dict[str, Any]
LambdaHandler = Callable[[LambdaEvent, Any], dict[str, Any]]


@dataclass(frozen=True)
class Request(Generic[Body, Query, Headers]):
    """A validated request."""

    body: Body
    query: Query
    headers: Headers
    path: Mapping[str, str]
    principal: Principal | None

    @property
    def caller(self) -> Principal:
        """The caller. A public endpoint may have none, which raises Unauthenticated."""
        return signed_in(self.principal)

    def person(self, name: str) -> str:
        """Return the user id in a path parameter; `me` stands for the caller."""
        user_id = self.path[name]
        return self.caller.user_id if user_id == "me" else user_id


@dataclass(frozen=True)
class Reply:
    """The response of an endpoint; `data` is put into the envelope."""

    data: Any = None
    message: str = ""
    # Set only if it differs from the contract's status.
    status: int | None = None
    meta: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_page(cls, page: Page[Any]) -> "Reply":
        """Return a reply with a page's items, and with the page's position in `meta`."""
        return cls(
            data=page.items,
            meta={
                "total": page.total,
                "limit": page.limit,
                "page": page.page,
                "total_pages": -(-page.total // page.limit),
                "has_next": page.has_next,
                "has_previous": page.has_previous,
                "next_cursor": page.cursors[-1] if page.has_next and page.cursors else None,
            },
        )


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
    media_type: str = "application/json"
    operation: Operation | None = None


def endpoint(
    contract: EndpointContract,
) -> Callable[[Callable[[Request[Any, Any, Any]], Reply]], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event) from a function of a request.

    Most functions need only `rest.rest`, which derives this from an operation.
    """

    def decorate(operation: Callable[[Request[Any, Any, Any]], Reply]) -> LambdaHandler:
        @wraps(operation)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    with called_from(source_address(event)), invocation():
                        reply = operation(_request(event, contract))
                except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
                    return finished(event, _refusal(problem_of(error)))
                return finished(event, _answer(reply, contract))

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
        @wraps(content)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    return finished(event, json_response(200, content(), headers))
                except Exception as error:  # noqa: BLE001 (problem_of logs unexpected errors)
                    return finished(event, _refusal(problem_of(error)))

        return handler

    return decorate


def header(event: LambdaEvent, name: str) -> str | None:
    """Return a header of an API Gateway event; the case of its name does not matter."""
    headers: Mapping[str, str] = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


def sole_header(event: LambdaEvent, name: str) -> str | None:
    """Return a header that may be sent only once.

    Raises:
        InvalidInput: it was sent more than once, with different values. Programs on the way may
            differ in which of them they use.
    """
    many: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    sent = {
        value for key, values in many.items() if key.lower() == name.lower() for value in values
    }
    if len(sent) > 1:
        raise InvalidInput(f"Send the header {name} once.", field=name)
    return header(event, name)


def finished(event: LambdaEvent, answer: dict[str, Any]) -> dict[str, Any]:
    """Return a response with the headers that every response has."""
    headers = completed(answer["headers"], header(event, "X-Forwarded-Proto"))
    return answer | {"headers": headers}


def source_address(event: LambdaEvent) -> str | None:
    """Return the address that API Gateway saw; clients can forge headers, so none is used."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    address: str | None = identity.get("sourceIp")
    return address


def _request(event: LambdaEvent, contract: EndpointContract) -> Request[Any, Any, Any]:
    token = sole_header(event, "Authorization") if contract.reads_token else None
    principal = authenticate(token)
    if contract.role is not None:
        require(principal, contract.role, services=contract.services)
    if principal is not None:
        admit(principal)
    path = _path(event)
    parameters = event.get("queryStringParameters") or {}
    return Request(
        body=_body(event, contract.body) if contract.body else None,
        query=parsed(contract.query, parameters) if contract.query else None,
        headers=_headers(event, contract.headers) if contract.headers else None,
        path=path,
        principal=principal,
    )


def _path(event: LambdaEvent) -> Mapping[str, str]:
    """Return the path parameters.

    Raises:
        NotFound: a parameter does not match its pattern, so no such resource can exist.
    """
    path: Mapping[str, str] = event.get("pathParameters") or {}
    for name, value in path.items():
        if not re.fullmatch(PATH_PATTERNS.get(name, DOCUMENT_ID_PATTERN), value):
            raise NotFound("There is nothing at this address.")
    return path


def _body(event: LambdaEvent, model: type[BaseModel]) -> BaseModel:
    if issubclass(model, FileBody):
        return _file(event, model)
    needed = any(each.is_required() for each in model.model_fields.values())
    if not needed and not event.get("body"):
        return model()
    return parsed(model, _json(event))


def _headers(event: LambdaEvent, model: type[BaseModel]) -> BaseModel:
    names = [each.alias or name for name, each in model.model_fields.items()]
    given = {name: sole_header(event, name) for name in names}
    return parsed(model, {name: value for name, value in given.items() if value is not None})


def _json(event: LambdaEvent) -> Any:
    if event.get("body"):  # an empty body is refused below: it is not JSON
        require_json(sole_header(event, "Content-Type"))
    try:
        raw = _raw(event)
        if len(raw) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return parse_json(raw, parse_float=whole_number)
    except ValueError:
        raise InvalidInput("The body is not JSON.", field="body") from None


def _file(event: LambdaEvent, model: type[FileBody]) -> FileBody:
    try:
        raw = _raw(event)
    except ValueError:
        raise InvalidInput("The body cannot be decoded.", field="body") from None
    return model.read(raw, sole_header(event, "Content-Type"))


def _raw(event: LambdaEvent) -> bytes:
    """Return the body's bytes; API Gateway sends binary bodies in base64.

    Raises:
        ValueError: the base64 is invalid, or the text has half a surrogate pair.
    """
    raw = (event.get("body") or "").encode()
    return base64.b64decode(raw, validate=True) if event.get("isBase64Encoded") else raw


def _answer(reply: Reply, contract: EndpointContract) -> dict[str, Any]:
    return _envelope(
        reply.status or contract.status,
        reply.headers,
        success=True,
        data=to_jsonable_python(reply.data),
        message=reply.message,
        meta=reply.meta,
    )


def _refusal(problem: Problem) -> dict[str, Any]:
    return _envelope(
        problem.status,
        problem.headers,
        success=False,
        message=problem.message,
        error={"code": problem.code, "message": problem.message, "details": problem.details},
    )


def _envelope(
    status: int,
    headers: dict[str, str],
    *,
    success: bool,
    message: str,
    data: Any = None,
    error: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> dict[str, Any]:
    envelope = {
        "success": success,
        "data": data,
        "message": message,
        "error": error,
        "meta": meta,
    }
    return json_response(status, envelope, headers)


def json_response(status: int, content: Any, headers: dict[str, str]) -> dict[str, Any]:
    """Return an API Gateway proxy response with this JSON."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"} | headers,
        "body": json.dumps(content, separators=(",", ":"), ensure_ascii=False),
    }
