"""Requests with a client's key: stored once, found afterwards, refused with other content."""

from dataclasses import dataclass
from typing import Any

import pytest
from mongoengine import NotUniqueError

from tidings.orders.models import Order
from tidings.platform.errors import Conflict
from tidings.platform.storage.once import MAX_FASTER, digest_of, key_id, once


@dataclass
class Document:
    content_digest: Any = "a"


class Reused(Conflict):
    def __init__(self) -> None:
        super().__init__("used")


class Collection:
    """Answers with these documents, one for each look; stores like MongoDB."""

    def __init__(self, *seen: Document | None, refuses: int = 0) -> None:
        self.seen, self.refuses, self.stored = list(seen), refuses, list[Document]()

    def find(self) -> Document | None:
        return self.seen.pop(0)

    def store(self) -> Document:
        if self.refuses:
            self.refuses -= 1
            raise NotUniqueError
        self.stored.append(Document())
        return self.stored[-1]

    def once(self, digest: str = "a") -> Document:
        return once(digest, self.find, self.store, reused=Reused)


def test_new_key_is_stored() -> None:
    keys = Collection(None)
    assert [keys.once()] == keys.stored


def test_known_key_is_found_and_not_stored() -> None:
    known = Document()
    keys = Collection(known)
    assert keys.once() is known
    assert keys.stored == []


def test_document_of_a_faster_request_is_found() -> None:
    faster = Document()
    keys = Collection(None, faster, refuses=1)
    assert keys.once() is faster
    assert keys.stored == []


@pytest.mark.parametrize("faster", [1, 2, MAX_FASTER])
def test_key_whose_faster_requests_were_undone_is_stored(faster: int) -> None:
    keys = Collection(*[None] * (faster + 1), refuses=faster)
    assert [keys.once()] == keys.stored


def test_document_that_another_index_refuses_is_an_error() -> None:
    with pytest.raises(NotUniqueError):
        Collection(*[None] * (MAX_FASTER + 1), refuses=MAX_FASTER + 1).once()


@pytest.mark.parametrize("seen", [(Document("b"),), (None, Document("b"))])
def test_other_content_is_refused(seen: tuple[Document | None, ...]) -> None:
    keys = Collection(*seen, refuses=1)
    with pytest.raises(Reused):
        keys.once()
    assert keys.stored == []


def test_stored_keys_and_digests_stay_readable() -> None:
    """Documents of earlier versions have these forms."""
    stored = "78001f036727da3c0c847c0bf18ef34e"
    assert key_id("ada", "k-1").startswith(stored)
    assert digest_of("ada:k-1").startswith(stored)
    assert Order(content_digest="d").to_mongo()["idempotency_digest"] == "d"
