"""The frame of a REST endpoint: typed input, who may call, one operation, the envelope."""

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

from tidings.platform.auth import Principal, Role, authenticate, require, signed_in
from tidings.platform.context import (
    accept_correlation_id,
    called_from,
    correlated,
    correlation_id,
)
from tidings.platform.errors import InvalidInput, NotFound, PayloadTooLarge, TidingsError
from tidings.platform.files import FileBody
from tidings.platform.invocation import invocation
from tidings.platform.limits import admit
from tidings.platform.logging import logger
from tidings.platform.pagination import Page
from tidings.platform.problems import Problem, problem_of

CORRELATION_HEADER: Final = "X-Correlation-Id"
MAX_BODY_BYTES: Final = 256 * 1024

# What may stand at a place of a path; a place without a line here is the id of a document.
ID_PATTERN: Final = r"^[0-9a-f]{24}$"
PERSON_PATTERN: Final = r"^(me|[0-9a-f]{24})$"
PATH_PATTERNS: Final[Mapping[str, str]] = {
    "user_id": PERSON_PATTERN,
    "token": r"^[A-Za-z0-9._-]{1,200}$",
    "suppression_id": r"^[0-9a-f]{64}$",
    "template_code": r"^[a-z][a-z0-9_]{0,63}$",
    # Of a user or a notification: API Gateway wants one name for one place of a path.
    "id": PERSON_PATTERN,
}

# Anyone may call; otherwise an endpoint names the least role that may.
PUBLIC: Final = None

Body = TypeVar("Body", bound=BaseModel | None, default=None)
Query = TypeVar("Query", bound=BaseModel | None, default=None)
Headers = TypeVar("Headers", bound=BaseModel | None, default=None)
LambdaEvent = dict[str, Any]
LambdaHandler = Callable[[LambdaEvent, Any], dict[str, Any]]


@dataclass(frozen=True)
class Request(Generic[Body, Query, Headers]):
    """A checked request."""

    body: Body
    query: Query
    headers: Headers
    path: Mapping[str, str]
    principal: Principal | None

    @property
    def caller(self) -> Principal:
        """Who calls; there is one where the endpoint is not public."""
        return signed_in(self.principal)

    def person(self, name: str) -> str:
        """Return the user id at that place of the path; `me` stands for the caller."""
        user_id = self.path[name]
        return self.caller.user_id if user_id == "me" else user_id


@dataclass(frozen=True)
class Reply:
    """What an endpoint answers; `data` goes into the envelope."""

    data: Any = None
    message: str = ""
    # Where it differs from the contract's status of success.
    status: int | None = None
    meta: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_page(cls, page: Page[Any]) -> "Reply":
        """Answer with a page's items, and where it stands in `meta`."""
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


@dataclass(frozen=True)
class EndpointContract:
    """What an endpoint takes and answers; the OpenAPI document is made of these."""

    role: Role | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    returns: Any
    status: int
    refusals: tuple[type[TidingsError], ...]
    headers: type[BaseModel] | None = None
    reads_token: bool = True
    also_status: tuple[int, ...] = ()
    services: bool = False
    media_type: str = "application/json"


def endpoint(
    *,
    role: Role | None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    returns: Any = None,
    status: int = 200,
    refusals: tuple[type[TidingsError], ...] = (),
    headers: type[BaseModel] | None = None,
    reads_token: bool = True,
    also_status: tuple[int, ...] = (),
    services: bool = False,
) -> Callable[[Callable[[Request[Any, Any, Any]], Reply]], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event) of a function from request to reply.

    Args:
        role: the least role that may call; PUBLIC for anyone.
        body: the model of the JSON body, where there is one; if none of its fields is
            required, the body may be left out. A `FileBody` is read as the file it is.
        query: the model of the query string, where it is read.
        returns: the type of the envelope's `data`; `list[X]` for a page of X.
        status: the status of success.
        refusals: what the operation may refuse with, beyond bad input and missing rights.
        headers: the model of the headers that are read; a field's alias is the header's name.
        reads_token: False where it does not matter who calls, and an access token that has
            expired must not stand in the way.
        also_status: other statuses than `status` that answer with `returns`.
        services: whether services may call, too.
    """
    contract = EndpointContract(
        role, body, query, returns, status, refusals, headers, reads_token, also_status, services
    )

    def decorate(operation: Callable[[Request[Any, Any, Any]], Reply]) -> LambdaHandler:
        @wraps(operation)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    with called_from(source_address(event)), invocation():
                        reply = operation(_request(event, contract))
                except Exception as error:  # noqa: BLE001 (problem_of logs what it does not know)
                    return _refusal(problem_of(error))
                return _answer(reply, contract)

        handler.contract = contract  # type: ignore[attr-defined]
        return handler

    return decorate


def public_document(
    *, max_age_seconds: int
) -> Callable[[Callable[[], dict[str, Any]]], LambdaHandler]:
    """Make a Lambda handler of a function that returns a document of a standard.

    Anyone may read it and keep it for so long; it comes as it is, without the envelope.
    """
    headers = {"Cache-Control": f"max-age={max_age_seconds}"}

    def decorate(content: Callable[[], dict[str, Any]]) -> LambdaHandler:
        @wraps(content)
        def handler(event: LambdaEvent, context: Any) -> dict[str, Any]:
            logger.append_keys(aws_request_id=getattr(context, "aws_request_id", None))
            with correlated(accept_correlation_id(header(event, CORRELATION_HEADER))):
                try:
                    return json_response(200, content(), headers)
                except Exception as error:  # noqa: BLE001 (problem_of logs what it does not know)
                    return _refusal(problem_of(error))

        return handler

    return decorate


def header(event: LambdaEvent, name: str) -> str | None:
    """Return a header of an API Gateway event, whatever the case of its name."""
    headers: Mapping[str, str] = event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


def source_address(event: LambdaEvent) -> str | None:
    """Return the address that API Gateway saw; headers, which anyone can write, do not count."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    address: str | None = identity.get("sourceIp")
    return address


def _request(event: LambdaEvent, contract: EndpointContract) -> Request[Any, Any, Any]:
    token = header(event, "Authorization") if contract.reads_token else None
    principal = authenticate(token)
    if contract.role is not None:
        require(principal, contract.role, services=contract.services)
    if principal is not None:
        admit(principal)
    path = _path(event)
    parameters = event.get("queryStringParameters") or {}
    return Request(
        body=_body(event, contract.body) if contract.body else None,
        query=contract.query.model_validate(parameters) if contract.query else None,
        headers=_headers(event, contract.headers) if contract.headers else None,
        path=path,
        principal=principal,
    )


def _path(event: LambdaEvent) -> Mapping[str, str]:
    """Return the path's parameters; one that cannot be a name of anything leads nowhere."""
    path: Mapping[str, str] = event.get("pathParameters") or {}
    for name, value in path.items():
        if not re.fullmatch(PATH_PATTERNS.get(name, ID_PATTERN), value):
            raise NotFound("There is nothing at this address.")
    return path


def _body(event: LambdaEvent, model: type[BaseModel]) -> BaseModel:
    if issubclass(model, FileBody):
        return _file(event, model)
    needed = any(each.is_required() for each in model.model_fields.values())
    if not needed and not event.get("body"):
        return model()
    return model.model_validate(_json(event))


def _headers(event: LambdaEvent, model: type[BaseModel]) -> BaseModel:
    names = [each.alias or name for name, each in model.model_fields.items()]
    given = {name: header(event, name) for name in names}
    return model.model_validate({name: value for name, value in given.items() if value is not None})


def _json(event: LambdaEvent) -> Any:
    try:
        raw = _raw(event)
        if len(raw) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes.")
        return json.loads(raw, parse_constant=_refuse_constant, parse_float=_number)
    except (ValueError, RecursionError):
        raise InvalidInput("The body is not JSON.", field="body") from None


def _file(event: LambdaEvent, model: type[FileBody]) -> FileBody:
    try:
        raw = _raw(event)
    except ValueError:
        raise InvalidInput("The body cannot be decoded.", field="body") from None
    return model.read(raw, header(event, "Content-Type"))


def _raw(event: LambdaEvent) -> bytes:
    """Return the body's bytes; API Gateway sends what is no text in base64.

    Raises:
        ValueError: it is no base64, or has broken characters.
    """
    raw = (event.get("body") or "").encode()
    return base64.b64decode(raw, validate=True) if event.get("isBase64Encoded") else raw


def _refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON does not know (RFC 8259)."""
    raise ValueError(name)


def _number(text: str) -> int | float:
    """Read 2.0 as the integer that it is to JSON, whatever a client's language writes."""
    value = float(text)
    return int(value) if value.is_integer() else value


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
    """Return an API Gateway proxy answer with this JSON and the correlation id."""
    standard = {"Content-Type": "application/json", CORRELATION_HEADER: correlation_id() or ""}
    return {
        "statusCode": status,
        "headers": standard | headers,
        "body": json.dumps(content, separators=(",", ":"), ensure_ascii=False),
    }
