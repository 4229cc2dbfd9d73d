"""Requests of API Gateway: their parts, validated."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic

from pydantic import BaseModel
from typing_extensions import TypeVar

from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.errors import InvalidInput, NotFound, PayloadTooLarge
from tidings.platform.inputs.files import FileBody
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN
from tidings.platform.inputs.json_text import parse_json, whole_number
from tidings.platform.inputs.large import LargeBody
from tidings.platform.inputs.media_types import require_json
from tidings.platform.inputs.parsing import parsed
from tidings.platform.security.auth import Principal, signed_in

MAX_BODY_BYTES: Final = 256 * 1024

# Patterns of path parameters. A parameter without a pattern here is the id of a document.
PERSON_PATTERN: Final = r"^(me|[0-9a-f]{24})$"
PATH_PATTERNS: Final[Mapping[str, str]] = {
    "user_id": PERSON_PATTERN,
    "token": r"^[A-Za-z0-9._-]{1,200}$",
    # It contains an address.
    "link": r"^[A-Za-z0-9._-]{1,6100}$",
    "suppression_id": r"^[0-9a-f]{64}$",
    "domain": r"^[a-z]{1,30}$",
    "template_code": r"^[a-z][a-z0-9_]{0,63}$",
    # The id of a user or of a notification: API Gateway allows one parameter name per path segment.
    "id": PERSON_PATTERN,
}

Body = TypeVar("Body", bound=BaseModel | None, default=None)
Query = TypeVar("Query", bound=BaseModel | None, default=None)
Headers = TypeVar("Headers", bound=BaseModel | None, default=None)


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


def read_request(
    event: LambdaEvent,
    principal: Principal | None,
    *,
    body: type[BaseModel] | None,
    query: type[BaseModel] | None,
    headers: type[BaseModel] | None,
) -> Request[Any, Any, Any]:
    """Return a request whose parts fit these models; parts without a model are not read.

    Raises:
        NotFound: a path parameter does not match its pattern.
        InvalidInput: another part does not fit its model.
    """
    path = _path(event)
    return Request(
        body=_body(event, body) if body else None,
        query=parsed(query, event.get("queryStringParameters") or {}) if query else None,
        headers=_headers(event, headers) if headers else None,
        path=path,
        principal=principal,
    )


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


def source_address(event: LambdaEvent) -> str | None:
    """Return the address that API Gateway saw; clients can forge headers, so none is used."""
    identity = (event.get("requestContext") or {}).get("identity") or {}
    address: str | None = identity.get("sourceIp")
    return address


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
    most = model.max_bytes if issubclass(model, LargeBody) else MAX_BODY_BYTES
    return parsed(model, _json(event, most))


def _headers(event: LambdaEvent, model: type[BaseModel]) -> BaseModel:
    names = [each.alias or name for name, each in model.model_fields.items()]
    given = {name: sole_header(event, name) for name in names}
    return parsed(model, {name: value for name, value in given.items() if value is not None})


def _json(event: LambdaEvent, max_bytes: int) -> Any:
    if event.get("body"):  # an empty body is refused below: it is not JSON
        require_json(sole_header(event, "Content-Type"))
    try:
        raw = _raw(event)
        if len(raw) > max_bytes:
            raise PayloadTooLarge(f"The body is larger than {max_bytes} bytes.")
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
