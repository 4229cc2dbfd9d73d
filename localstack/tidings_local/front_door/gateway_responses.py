"""API Gateway's own answers, with the API's changes to them.

See "Gateway responses for REST APIs" in AWS's developer guide.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tidings_local.front_door.deployed import GatewayResponseDocument
from tidings_local.front_door.http import Headers, Response

JSON: Final = "application/json"
_HEADER: Final = "gatewayresponse.header."
_VARIABLE: Final = re.compile(r"\$(?:\{([\w-]+(?:\.[\w-]+)*)\}|([\w-]+(?:\.[\w-]+)*))")


class Fault(NamedTuple):
    type: str
    status: int
    error_type: str
    message: str


_INTERNAL: Final = "InternalServerErrorException"
MISSING_TOKEN: Final = Fault(
    "MISSING_AUTHENTICATION_TOKEN",
    403,
    "MissingAuthenticationTokenException",
    "Missing Authentication Token",
)
TOO_LARGE: Final = Fault("REQUEST_TOO_LARGE", 413, "RequestTooLargeException", "Request Too Long")
TIMED_OUT: Final = Fault("INTEGRATION_TIMEOUT", 504, _INTERNAL, "Endpoint request timed out")
MALFORMED: Final = Fault("DEFAULT_5XX", 502, _INTERNAL, "Internal server error")
NOT_CALLED: Final = Fault("INTEGRATION_FAILURE", 500, _INTERNAL, "Internal server error")
"""The function is throttled or unknown. AWS answers 500, not 429."""
STOPPING: Final = Fault("DEFAULT_5XX", 503, "ServiceUnavailableException", "Service Unavailable")
"""The runner is stopping, and accepts no event."""


class Scope(NamedTuple):
    """The values that a template may use."""

    context: Mapping[str, Any]
    stage_variables: Mapping[str, str]
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]

    def of(self, fault: Fault) -> dict[str, Any]:
        error = {
            "message": fault.message,
            "messageString": json.dumps(fault.message),
            "responseType": fault.type,
        }
        return {
            "context": {**self.context, "error": error},
            "stageVariables": self.stage_variables,
            "method": {
                "request": {"header": self.headers, "querystring": self.query, "path": self.path}
            },
        }


class GatewayResponses:
    """The gateway responses of one stage."""

    def __init__(self, changed: Mapping[str, GatewayResponseDocument]) -> None:
        self._changed = changed

    def answer(self, fault: Fault, scope: Scope) -> Response:
        general = "DEFAULT_4XX" if fault.status < 500 else "DEFAULT_5XX"
        changed = self._changed.get(fault.type) or self._changed.get(general)
        if changed is None:
            body = json.dumps({"message": fault.message}).encode()
            return Response(status=fault.status, headers=_headers(fault, JSON), body=body)
        return _changed(changed, fault, scope.of(fault))


def _headers(fault: Fault, content_type: str) -> Headers:
    return [
        (b"Content-Type", content_type.encode()),
        (b"x-amzn-ErrorType", fault.error_type.encode()),
    ]


def _changed(changed: GatewayResponseDocument, fault: Fault, values: dict[str, Any]) -> Response:
    content_type, template = _template(changed["templates"])
    own = {
        name.removeprefix(_HEADER).encode("latin-1", "replace"): _mapped(value, values)
        for name, value in changed["parameters"].items()
        if name.startswith(_HEADER)
    }
    replaced = {name.lower() for name in own}
    headers = [each for each in _headers(fault, content_type) if each[0].lower() not in replaced]
    headers += [(name, value.encode("latin-1", "replace")) for name, value in own.items()]
    body = _rendered(template, values).encode()
    return Response(status=int(changed["status_code"] or fault.status), headers=headers, body=body)


def _template(templates: Mapping[str, str]) -> tuple[str, str]:
    if not templates:
        return JSON, '{"message":$context.error.messageString}'
    kind = JSON if JSON in templates else next(iter(templates))
    return kind, templates[kind]


def _mapped(value: str, values: dict[str, Any]) -> str:
    """Return the value of a mapping: `'text'` is a literal, anything else refers to a value."""
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    return _value(value, values).replace("\r", " ").replace("\n", " ")


def _rendered(template: str, values: dict[str, Any]) -> str:
    return _VARIABLE.sub(lambda found: _value(found[1] or found[2], values), template)


def _value(name: str, values: dict[str, Any]) -> str:
    value: Any = values
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "" if value is None else str(value)
