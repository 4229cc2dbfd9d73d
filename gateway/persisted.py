"""Automatic persisted queries: a document is sent once, then named by its hash.

https://www.apollographql.com/docs/apollo-server/performance/apq: the client sends
`extensions.persistedQuery.sha256Hash` alone; where the hash is unknown it sends it again
with the document, which is then kept.
"""

import hashlib
from typing import Any, Final, Literal

import redis
from graphql import GraphQLError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tidings.platform import cache
from tidings.platform.errors import InvalidInput
from tidings.platform.logging import logger
from tidings.platform.settings import settings

TTL_SECONDS: Final = 24 * 3600


class PersistedQuery(BaseModel):
    """The name of a document."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1]
    sha256_hash: str = Field(alias="sha256Hash", pattern=r"^[0-9a-f]{64}$")


class NotPersisted(GraphQLError):
    """The document is not known here; Apollo's clients look for its message and code."""

    code = "PERSISTED_QUERY_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class NotSupported(NotPersisted):
    """Documents cannot be kept just now; clients send them whole from then on."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"

    def __init__(self) -> None:
        GraphQLError.__init__(self, "PersistedQueryNotSupported")


def named_in(extensions: dict[str, Any] | None) -> PersistedQuery | None:
    """Return the name that a request gives its document, if it gives one.

    Raises:
        InvalidInput: it is malformed.
    """
    if not extensions or "persistedQuery" not in extensions:
        return None
    try:
        return PersistedQuery.model_validate(extensions["persistedQuery"])
    except ValidationError:
        raise InvalidInput(
            "persistedQuery needs version 1 and a sha256Hash of 64 hex digits.", field="extensions"
        ) from None


def load(named: PersistedQuery) -> str:
    """Return the document of this name.

    Raises:
        NotPersisted: it is not known (any more).
        NotSupported: Redis is away.
    """
    try:
        found = cache.client().get(_key(named.sha256_hash))
    except redis.RedisError as error:
        logger.warning("persisted queries are out of reach", reason=type(error).__name__)
        raise NotSupported from None
    if not isinstance(found, str):
        raise NotPersisted
    return found


def check(named: PersistedQuery, query: str) -> None:
    """Let a document through that has the name it was given.

    Raises:
        InvalidInput: it has another.
    """
    if hashlib.sha256(query.encode()).hexdigest() != named.sha256_hash:
        raise InvalidInput("The sha256Hash is not that of the query.", field="extensions")


def keep(named: PersistedQuery, query: str) -> None:
    """Keep a valid document under its name for a day; where Redis is away, it is not kept."""
    try:
        cache.client().set(_key(named.sha256_hash), query, ex=TTL_SECONDS)
    except redis.RedisError as error:
        logger.warning("persisted queries are out of reach", reason=type(error).__name__)


def _key(sha256_hash: str) -> str:
    return f"{settings().database_prefix}:persisted-query:{sha256_hash}"
