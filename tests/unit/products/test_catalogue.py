from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mongoengine import Q

from tidings.platform.storage.pagination import PageRequest, paginate
from tidings.platform.storage.sorting import SortOrder
from tidings.platform.text.search_keys import folded, words_in
from tidings.products.catalogue import MAX_PARTS, MAX_WORDS, ORDERS, prepare
from tidings.products.fields import MAX_AMOUNT
from tidings.products.models import Product

PRICES = st.integers(0, MAX_AMOUNT) | st.sampled_from([0, 10**12 - 1, 10**12, MAX_AMOUNT])


def a_product(**values: object) -> Product:
    described = {"sku": "PEN-1.A", "title": "Pen", "price": 990, "currency": "EUR", "stock": 1}
    return prepare(Product(**(described | values)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Fountain pen, blue", ["fountain", "pen", "blue"]),
        ("Café CAFE cafe\u0301", ["cafe"]),
        ("Straße", ["strasse"]),
        ("PEN-1.A", ["pen", "1", "a"]),
        ("日本語 テスト", ["日本語", "てすと"]),
        (" !?$^.*() \x00", []),
        ("x" * 100, ["x" * 40]),
    ],
    ids=repr,
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    assert words_in(text) == words


def test_product_is_found_by_each_of_its_texts() -> None:
    product = a_product(
        title="Fountain pen",
        description="Writes well.",
        categories=["office"],
        attributes={"Nib": "Gold"},
    )
    found = {"fountain", "pen", "pen-1.a", "1", "a", "office", "gold", "writes", "well"}
    assert set(product.words) == found


def test_long_description_does_not_displace_the_title() -> None:
    product = a_product(title="Quill", description=" ".join(f"word{n}" for n in range(1000)))
    assert len(product.words) == MAX_WORDS
    assert "quill" in product.words


def test_title_without_blanks_is_found_by_its_parts() -> None:
    assert a_product(title="牛乳石鹸").words == [
        *("pen-1.a", "牛乳石鹸", "pen", "1", "a"),
        *("乳石鹸", "石鹸", "鹸"),
    ]
    long = a_product(title="石鹸" * 100, description="牛乳" * 100)
    assert len(long.words) <= MAX_WORDS + MAX_PARTS


@given(PRICES, PRICES)
def test_price_keys_are_ordered_by_price(one: int, other: int) -> None:
    keys = [a_product(price=price).price_key for price in (one, other)]
    if one != other:
        assert (keys[0] < keys[1]) == (one < other)


def test_older_price_keys_stay_in_order() -> None:
    stored = "EUR:000000000990:6b0152a6f6b097fd8ed20a9a"
    assert stored < a_product(price=10**12).price_key


@given(st.text(max_size=200))
def test_key_of_any_title_makes_a_valid_cursor(title: str) -> None:
    product = a_product(title=title.encode(errors="ignore").decode())
    for order in ORDERS.values():
        place = order.place_of(product)
        assert len(place.encode()) <= 150  # 200 characters in base64


@given(st.text(max_size=200))
def test_folding_is_idempotent(text: str) -> None:
    assert words_in(folded(text)) == words_in(text)


class Found:
    """A query in memory over documents with a key."""

    _document = Product

    def __init__(self, documents: list[Product]) -> None:
        self.documents = documents

    def count(self) -> int:
        return len(self.documents)

    def filter(self, condition: Q) -> "Found":
        ((term, value),) = condition.query.items()
        name, _, comparison = term.rpartition("__")
        kept = [
            each
            for each in self.documents
            if (getattr(each, name) > value if comparison == "gt" else getattr(each, name) < value)
        ]
        return Found(kept)

    def order_by(self, order: str) -> "Found":
        name = order.lstrip("-")
        by_key = sorted(self.documents, key=lambda each: str(getattr(each, name)))
        return Found(by_key[::-1] if order.startswith("-") else by_key)

    def skip(self, count: int) -> "Found":
        return Found(self.documents[count:])

    def limit(self, count: int) -> "Found":
        return Found(self.documents[:count])

    def as_pymongo(self) -> list[Any]:
        return [each.to_mongo() for each in self.documents]


@given(
    st.lists(st.tuples(st.sampled_from("aAbÄz"), st.integers(0, 3)), max_size=12),
    st.sampled_from(list(ORDERS.values())),
    st.integers(1, 5),
)
def test_cursors_return_every_document_once(
    described: list[tuple[str, int]], order: SortOrder, limit: int
) -> None:
    found = Found([a_product(title=title, price=price) for title, price in described])
    walked, after = [], None
    while True:
        request = PageRequest.model_validate({"limit": limit, "after": after})
        page = paginate(found, request, order)
        walked += [each.pk for each in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert walked == [each.pk for each in found.order_by(*order.keys()).documents]
