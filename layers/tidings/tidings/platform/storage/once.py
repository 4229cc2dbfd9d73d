"""Carry out a request with a client's key once, however often it is sent, also concurrently.

The document that remembers the key also remembers a digest of the request's content. What it
contains besides is the domain's choice (docs/decisions/0113).
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar

from mongoengine import NotUniqueError

from tidings.platform.errors import Conflict

# The number of faster requests that may be refused before a NotUniqueError is raised. Another index
# than that of the key may be its cause, so that there is a limit.
MAX_FASTER: Final = 20


class Remembered(Protocol):
    """A document that a unique index or its id allows once for each key."""

    content_digest: Any


AnyRemembered = TypeVar("AnyRemembered", bound=Remembered)


def once(
    digest: str,
    find: Callable[[], AnyRemembered | None],
    store: Callable[[], AnyRemembered],
    *,
    reused: Callable[[], Conflict],
) -> AnyRemembered:
    """Return the document of a request's key; store it if the key is new.

    Of concurrent requests one stores it, and the others get that document.

    Args:
        find: returns the document of the key.
        store: makes the document with this digest and its effects; a unique index may refuse it.
        reused: the refusal of a key that was used for other content.

    Raises:
        Conflict: the document has another digest.
    """
    document = _found_or_stored(find, store)
    if document.content_digest != digest:
        raise reused()
    return document


def _found_or_stored(
    find: Callable[[], AnyRemembered | None], store: Callable[[], AnyRemembered]
) -> AnyRemembered:
    for _ in range(MAX_FASTER):
        if (document := find()) is not None:
            return document
        # A concurrent request may be faster. If it is then refused, its document is gone again.
        with suppress(NotUniqueError):
            return store()
    return find() or store()


def key_id(owner_id: str, key: str) -> str:
    """Return the id of a document for a key; each person or service has keys of its own."""
    return digest_of(f"{owner_id}:{key}")


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
