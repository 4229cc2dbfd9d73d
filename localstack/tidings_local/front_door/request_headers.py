"""A client's headers as API Gateway passes them to a function."""

from typing import Final

from tidings_local.front_door.http import Request
from tidings_local.front_door.trace import trace_id

_DROPPED: Final = frozenset(
    (
        b"connection",
        b"content-length",
        b"content-md5",
        b"expect",
        b"max-forwards",
        b"proxy-authenticate",
        b"server",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"www-authenticate",
    )
)
_SPELLED: Final = {b"authorization": "Authorization", b"user-agent": "User-Agent"}
_FORWARDED_FOR: Final = b"x-forwarded-for"
_REPLACED: Final = frozenset(
    (_FORWARDED_FOR, b"x-forwarded-port", b"x-forwarded-proto", b"x-amzn-trace-id")
)


class ReceivedHeaders:
    """The headers of one request."""

    __slots__ = ("_names", "multi", "trace_id", "user_agent")

    def __init__(self, request: Request, api_id: str) -> None:
        self._names: dict[bytes, str] = {}
        self.multi: dict[str, list[str]] = {}
        own: dict[bytes, list[str]] = {}
        for name, value in request.headers:
            lower = name.lower()
            if lower in _REPLACED:
                own.setdefault(lower, []).append(value.decode("latin-1"))
            elif lower not in _DROPPED:
                self._add(lower, name, value.decode("latin-1"))
        self.user_agent = self.first(b"user-agent")
        self._default(b"accept", "Accept", "application/json")
        self._default(b"user-agent", "User-Agent", f"AmazonAPIGateway_{api_id}")
        self.trace_id = trace_id(next(iter(own.get(b"x-amzn-trace-id", ())), ""))
        self._add_own(request, own.get(_FORWARDED_FOR, []))

    def first(self, lower: bytes) -> str | None:
        name = self._names.get(lower)
        return None if name is None else self.multi[name][0]

    def last_values(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self.multi.items()}

    def _add(self, lower: bytes, name: bytes, value: str) -> None:
        known = self._names.get(lower)
        if known is not None:
            self.multi[known].append(value)
            return
        spelled = _SPELLED.get(lower) or name.decode("latin-1")
        self._names[lower] = spelled
        self.multi[spelled] = [value]

    def _default(self, lower: bytes, name: str, value: str) -> None:
        if not self.first(lower):
            self.multi.pop(self._names.get(lower, name), None)
            self._names[lower] = name
            self.multi[name] = [value]

    def _add_own(self, request: Request, forwarded_for: list[str]) -> None:
        self.multi["X-Forwarded-For"] = [", ".join([*forwarded_for, request.client])]
        self.multi["X-Forwarded-Port"] = [_port(self.first(b"host") or "", request.secure)]
        self.multi["X-Forwarded-Proto"] = ["https" if request.secure else "http"]
        self.multi["X-Amzn-Trace-Id"] = [self.trace_id]


def _port(host: str, secure: bool) -> str:
    port = host.rpartition(":")[2]
    if port != host and port.isdecimal():
        return port
    return "443" if secure else "80"
