"""Automatic persisted queries: a client sends a document once, then only its hash.

https://www.apollographql.com/docs/apollo-server/performance/apq: the client sends only
`extensions.persistedQuery.sha256Hash`. If the hash is unknown, it repeats the request with the
document, which is then stored. Anyone may send documents, so that public pages of the shop can use
this; the storage is limited. Anonymous callers have a separate area, so their documents never
displace those of signed-in callers.

The documents of persisted_operations.json are always known, also without Redis: `make contracts`
writes it from gateway/operations.
"""

import hashlib
import json
from functools import cache as kept
from pathlib import Path
from typing import Any, Final, Literal

from graphql import GraphQLError
from pydantic import BaseModel, ConfigDict, Field
from redis.exceptions import RedisError

from tidings.platform.caching import cache
from tidings.platform.errors import InvalidInput
from tidings.platform.inputs.parsing import InvalidFields, parsed
from tidings.platform.logging import logger
from tidings.platform.retention import in_redis

TTL_SECONDS: Final = in_redis.PERSISTED.seconds
# The limits of each area: 1,000 documents of at most 20 KB; the oldest are removed first.
MAX_KEPT: Final = 1_000
MAX_BYTES: Final = 20_000
SHELVES: Final = ("signed-in", "anonymous")
MANIFEST: Final = Path(__file__).with_name("persisted_operations.json")

# KEYS: the document, the area's index. ARGV: the document, its hash, its TTL in seconds, the
# maximum number of documents, the prefix of the documents' keys.
_KEEP: Final = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
local time = redis.call('TIME')
redis.call('ZADD', KEYS[2], time[1] + time[2] / 1000000, ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
local over = redis.call('ZCARD', KEYS[2]) - tonumber(ARGV[4])
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[2], over)
  for i = 1, #oldest, 2 do redis.call('DEL', ARGV[5] .. oldest[i]) end
end
"""


class PersistedQuery(BaseModel):
    """The hash of a document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1]
    sha256_hash: str = Field(alias="sha256Hash", pattern=r"^[0-9a-f]{64}$")


class NotPersisted(GraphQLError):
    """The document is unknown; Apollo's clients check the message and the code."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class NotSupported(NotPersisted):
    """Documents cannot be stored now; clients then send them in full."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        GraphQLError.__init__(self, "PersistedQueryNotSupported")


class NotTrusted(GraphQLError):
    """Only the documents of the manifest run, and this is another one."""

    code = "DOCUMENT_NOT_TRUSTED"

    def __init__(self) -> None:
        super().__init__("This API runs only the operations that it knows. See docs/clients.md.")


def named_in(extensions: dict[str, Any] | None) -> PersistedQuery | None:
    """Return the hash that a request gives for its document, if any.

    Raises:
        InvalidInput: it is malformed.
    """
    if not extensions or "persistedQuery" not in extensions:
        return None
    try:
        return parsed(PersistedQuery, extensions["persistedQuery"])
    except InvalidFields:
        raise InvalidInput(
            "persistedQuery needs version 1 and a sha256Hash of 64 hex digits.", field="extensions"
        ) from None


def load(named: PersistedQuery) -> str:
    """Return the document with this hash.

    Raises:
        NotPersisted: the document is unknown or expired.
        NotSupported: Redis is unavailable.
    """
    if ours := own_documents().get(named.sha256_hash):
        return ours
    try:
        stored: Any = cache.client().mget([_key(shelf, named.sha256_hash) for shelf in SHELVES])
    except RedisError as error:
        logger.warning(
            "persisted queries not used: Redis did not answer", reason=type(error).__name__
        )
        raise NotSupported from None
    found = next((each for each in stored if each is not None), None)
    if found is None:
        raise NotPersisted
    return str(found)


def trusted(named: PersistedQuery | None, query: str | None) -> str:
    """Return the document of the manifest that a request contains or names.

    Raises:
        NotTrusted: the manifest does not have it.
    """
    if query is not None:
        digest = hashlib.sha256(query.encode()).hexdigest()
    else:
        digest = named.sha256_hash if named else ""
    found = own_documents().get(digest)
    if found is None:
        raise NotTrusted
    return found


def check(named: PersistedQuery, query: str) -> None:
    """Check that a document has the given hash.

    Raises:
        InvalidInput: it has another hash.
    """
    if hashlib.sha256(query.encode()).hexdigest() != named.sha256_hash:
        raise InvalidInput("The sha256Hash does not match the query.", field="extensions")


def keep(named: PersistedQuery, query: str, *, signed_in: bool) -> None:
    """Store a valid document under its hash for a day, in the caller's area.

    A document larger than MAX_BYTES is not stored, nor one that is always known, and none while the
    cache is unavailable.
    """
    if len(query.encode()) > MAX_BYTES or named.sha256_hash in own_documents():
        return
    shelf = SHELVES[0] if signed_in else SHELVES[1]
    keys = (_key(shelf, named.sha256_hash), _key(shelf, "index"))
    arguments = (query, named.sha256_hash, str(TTL_SECONDS), str(MAX_KEPT), _key(shelf, ""))
    try:
        cache.client().eval(_KEEP, 2, *keys, *arguments)
    except RedisError as error:
        logger.warning(
            "persisted queries not used: Redis did not answer", reason=type(error).__name__
        )


@kept
def own_documents() -> dict[str, str]:
    """Return the documents of the manifest by their hash."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return {each["id"]: each["body"] for each in manifest["operations"]}


def _key(shelf: str, name: str) -> str:
    # The braces make Redis Cluster keep an area on one node.
    return cache.key("persisted-query", f"{{{shelf}}}", name)
