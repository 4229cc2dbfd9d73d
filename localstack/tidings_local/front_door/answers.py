"""Convert a function's result to the HTTP answer for a client.

See "Output format of a Lambda function for proxy integration" in AWS's developer guide.
"""

import base64
import re
from functools import lru_cache
from typing import Any, Final

import orjson

from tidings_local.front_door.http import Headers, Response

_FIELDS: Final = frozenset(
    ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded")
)
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LINE_BREAK: Final = re.compile(r"[\r\n\0]")
_CONTENT_TYPE: Final = (b"Content-Type", b"application/json")
_REMAPPED: Final = {
    name.lower(): f"x-amzn-Remapped-{name}".encode()
    for name in (
        "Authorization",
        "Connection",
        "Content-Length",
        "Content-MD5",
        "Date",
        "Expect",
        "Host",
        "Max-Forwards",
        "Proxy-Authenticate",
        "Server",
        "Trailer",
        "Upgrade",
        "User-Agent",
        "WWW-Authenticate",
    )
}
_DROPPED: Final = frozenset(
    ("transfer-encoding", "x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id")
)
"""The last three are API Gateway's own."""


class MalformedAnswerError(Exception):
    """A function returned a value that is not an answer to an HTTP request."""


def answer_of(payload: bytes, *, accepts_bytes: bool) -> Response:
    """Return the HTTP answer of a function's payload.

    Args:
        payload: the function's result as JSON.
        accepts_bytes: whether a body in base64 is decoded for this client.

    Raises:
        MalformedAnswerError: it is not in the format that API Gateway requires.
    """
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError:
        raise MalformedAnswerError("it is not JSON") from None
    if not isinstance(answer, dict) or not answer.keys() <= _FIELDS:
        raise MalformedAnswerError("it is not an object with the known fields")
    status = _status(answer.get("statusCode"))
    headers = _headers(answer.get("headers"), answer.get("multiValueHeaders"))
    body = _body(answer.get("body"), answer.get("isBase64Encoded"), accepts_bytes)
    return Response(status=status, headers=headers, body=body)


def _status(given: Any) -> int:
    try:
        status = 200 if given is None else int(given)
    except (TypeError, ValueError, OverflowError):
        status = 0
    if not 200 <= status <= 599:
        raise MalformedAnswerError("statusCode is not an HTTP status")
    return status


def _body(given: Any, is_base64: Any, accepts_bytes: bool) -> bytes:
    if not (given is None or isinstance(given, str)):
        raise MalformedAnswerError("body is not text")
    if is_base64 not in (None, True, False):
        raise MalformedAnswerError("isBase64Encoded is not a boolean")
    if not given:
        return b""
    if not (is_base64 and accepts_bytes):
        return given.encode()
    try:
        return base64.b64decode(given)
    except ValueError:
        raise MalformedAnswerError("body is not base64") from None


def _headers(single: Any, multi: Any) -> Headers:
    if not multi:
        many = {name: [value] for name, value in _mapping(single, "headers").items()}
    else:
        many = _merged(_mapping(single, "headers"), _mapping(multi, "multiValueHeaders"))
    sent: dict[str, Headers] = {}
    for name, values in many.items():
        lower, spelled = _name(name)
        if lower not in _DROPPED:  # of two spellings of a name, the last one is used
            sent[lower] = [(spelled, _value(value)) for value in values]
    headers = [pair for pairs in sent.values() for pair in pairs]
    return headers if "content-type" in sent else [_CONTENT_TYPE, *headers]


def _mapping(given: Any, field: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise MalformedAnswerError(f"{field} is not an object")
    return given


def _merged(single: dict[str, Any], multi: dict[str, Any]) -> dict[str, list[Any]]:
    """Merge both fields; a name in both has both values, `multiValueHeaders` first."""
    if not all(isinstance(values, list) for values in multi.values()):
        raise MalformedAnswerError("multiValueHeaders has a value that is not a list")
    merged = {name: list(values) for name, values in multi.items()}
    spelled = {name.lower(): name for name in merged}
    for name, value in single.items():
        known = merged.setdefault(spelled.get(name.lower(), name), [])
        if value not in known:
            known.append(value)
    return merged


@lru_cache(maxsize=1024)
def _name(name: str) -> tuple[str, bytes]:
    if not _TOKEN.fullmatch(name):
        raise MalformedAnswerError("a header has a name that cannot be sent")
    lower = name.lower()
    return lower, _REMAPPED.get(lower) or name.encode()


def _value(value: Any) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if not isinstance(value, str) or _LINE_BREAK.search(value):
        raise MalformedAnswerError("a header has a value that cannot be sent")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode()
