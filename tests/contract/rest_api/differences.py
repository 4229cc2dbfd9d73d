"""Remove the known differences between LocalStack's events and the front door's.

Ids and times always differ. docs/front-door.md lists where the front door follows AWS and
LocalStack 4.12 does not; tests/unit/front_door tests these differences.
"""

from typing import Any, Final

_OWN_OF_EACH_CALL: Final = ("requestId", "extendedRequestId", "requestTime", "requestTimeEpoch")
_FORWARDED: Final = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
_TRACE: Final = "x-amzn-trace-id"

Event = dict[str, Any]


def comparable(event: Event, *, client_trace: bool) -> Event:
    many = _lower(event["multiValueHeaders"])
    single = _lower(event["headers"])
    for name in _FORWARDED:
        assert len(many.pop(name)) == 1
        single.pop(name)
    if not client_trace:
        assert many.pop(_TRACE) == [single.pop(_TRACE)]
    # Of repeated headers, AWS and the front door use the last value, LocalStack the first.
    single = {name: value for name, value in single.items() if len(many[name]) == 1}
    context = {
        name: value
        for name, value in event["requestContext"].items()
        if name not in _OWN_OF_EACH_CALL
    }
    return event | {
        "headers": single,
        "multiValueHeaders": many,
        "requestContext": context,
        # AWS sends the root as a slash; LocalStack sends an empty path.
        "path": event["path"] or "/",
    }


def _lower(headers: dict[str, Any]) -> dict[str, Any]:
    """LocalStack writes all names in lower case: its server does not keep the client's spelling."""
    return {name.lower(): value for name, value in headers.items()}
