"""Find the API and the stage that a request calls.

The three forms are LocalStack's: by path (`/_aws/execute-api/<api>/<stage>/...`), by the path of
its older versions (`/restapis/<api>/<stage>/_user_request_/...`), and by AWS's host names
(`<api>.execute-api.<anything>`, then `/<stage>/...`).
"""

from typing import Final, NamedTuple

from tidings_local.front_door.http import Headers

_BY_PATH: Final = "/_aws/execute-api/"
_BY_OLD_PATH: Final = "/restapis/"
_OLD_MARK: Final = "_user_request_"
_BY_HOST: Final = ".execute-api."


class Address(NamedTuple):
    api_id: str
    stage: str
    path: str
    """The path after the stage, as the client encoded it; empty or with a leading slash."""
    query: str


def address_of(target: bytes, headers: Headers) -> Address | None:
    """Return the API, stage and path of a request, or None if it calls no REST API."""
    path, _, query = target.decode("utf-8", "replace").partition("?")
    if path.startswith(_BY_PATH):
        return _address(path[len(_BY_PATH) :], query)
    if path.startswith(_BY_OLD_PATH):
        return _by_old_path(path, query)
    return _by_host(path, query, headers)


def _address(rest: str, query: str) -> Address | None:
    api_id, _, rest = rest.partition("/")
    stage, slash, rest = rest.partition("/")
    return Address(api_id.lower(), stage, slash + rest, query) if api_id and stage else None


def _by_old_path(path: str, query: str) -> Address | None:
    found = _address(path[len(_BY_OLD_PATH) :], query)
    if found is None:
        return None
    mark, slash, rest = found.path.removeprefix("/").partition("/")
    return found._replace(path=slash + rest) if mark == _OLD_MARK else None


def _by_host(path: str, query: str, headers: Headers) -> Address | None:
    host = next((value for name, value in headers if name.lower() == b"host"), b"")
    api_id, found, _ = host.decode("latin-1").partition(_BY_HOST)
    if not found or "vpce-" in api_id or not path.startswith("/"):
        return None
    return _address(api_id + path, query)
