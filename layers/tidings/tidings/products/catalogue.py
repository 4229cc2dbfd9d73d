"""Sorting and searching of the catalogue: the keys stored with a product, and the queries."""

import re
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, Final

from mongoengine import Q

from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.sorting import NEWEST_FIRST, SortOrder
from tidings.platform.text.search_keys import KEYS_VERSION, folded, parts_in, words_in
from tidings.products.errors import StateNotShown
from tidings.products.fields import ProductSort, ProductState
from tidings.products.models import Product
from tidings.products.price_bands import bands_between, groups_of, in_category
from tidings.products.schemas import ProductFilter

MAX_WORDS: Final = 50
MAX_PARTS: Final = 50
MAX_SEARCHED_WORDS: Final = 8
# A cursor contains the key and has at most 200 characters.
MAX_TITLE_KEY_BYTES: Final = 90

ORDERS: Final = {
    ProductSort.NEWEST: NEWEST_FIRST,
    ProductSort.PRICE_ASC: SortOrder("price_key", unique=True),
    ProductSort.PRICE_DESC: SortOrder("price_key", descending=True, unique=True),
    ProductSort.TITLE: SortOrder("title_key", unique=True),
}


def prepare(product: Product) -> Product:
    """Set a product's sort keys and search words. Its id makes each key unique."""
    product.price_key = f"{_place_of(product.currency, product.price)}:{product.id}"
    title = folded(product.title).encode()[:MAX_TITLE_KEY_BYTES].decode(errors="ignore")
    product.title_key = f"{title}:{product.id}"
    product.words = _words_of(product)
    product.price_groups = groups_of(product.price, product.currency, product.categories)
    product.keys_version = KEYS_VERSION
    return product


def _place_of(currency: str, price: int) -> str:
    return f"{currency}:{_digits(price)}"


def _digits(price: int) -> str:
    """Return a price as a text with the same order.

    Older keys have twelve digits and stay valid. Longer prices sort after them because of the
    tilde, the last printable ASCII character.
    """
    return f"{price:012d}" if price < 10**12 else f"~{price:016d}"


def _words_of(product: Product) -> list[str]:
    texts = [product.title, product.sku, *product.categories, *product.attributes.values()]
    # The whole SKU too, because words end at dashes and dots.
    words = [folded(product.sku), *words_in(" ".join([*texts, product.description]))]
    whole = list(dict.fromkeys(words))[:MAX_WORDS]
    return list(dict.fromkeys([*whole, *parts_in(" ".join(texts))[:MAX_PARTS]]))


def sees_all(caller: Principal | None) -> bool:
    """Say whether a caller also sees drafts and retired products."""
    return caller is not None and caller.role.includes(Role.OPERATOR)


def matching(wanted: ProductFilter, caller: Principal | None, sort: ProductSort) -> Any:
    """Return the query for a filter, limited to the products that the caller may see.

    An index finds the matches in the order of `sort`.

    Raises:
        StateNotShown: a caller who is not an operator asks for products that are not active.
    """
    if wanted.state not in (None, ProductState.ACTIVE) and not sees_all(caller):
        raise StateNotShown
    terms = {
        "categories": wanted.category,
        "currency": wanted.currency,
        "price__gte": wanted.min_price,
        "price__lte": wanted.max_price,
    }
    given = {name: value for name, value in terms.items() if value is not None}
    states = _states(wanted.state, caller)
    found = Product.objects(**states, **given)
    if wanted.in_stock is not None:
        found = found.filter(**{"stock__gt" if wanted.in_stock else "stock": 0})
    by_price = sort in (ProductSort.PRICE_ASC, ProductSort.PRICE_DESC)
    found = found.filter(_price_keys(wanted, states) if by_price else Q(**_groups(wanted)))
    words = words_in(wanted.search or "")[:MAX_SEARCHED_WORDS]
    return found.filter(__raw__=_beginning_with(words)) if words else found


def _states(state: ProductState | None, caller: Principal | None) -> dict[str, Any]:
    if state is None and sees_all(caller):
        return {"state__in": [each.value for each in ProductState]}
    return {"state": (state or ProductState.ACTIVE).value}


def _groups(wanted: ProductFilter) -> dict[str, Any]:
    """Return the condition on groups of products with similar prices, or with a currency.

    Products of an earlier release have no groups; null finds them.
    """
    groups = [wanted.currency] if wanted.currency is not None else []
    if _has_range(wanted):
        groups = bands_between(wanted.min_price, wanted.max_price)
    if wanted.category is not None:
        groups = [in_category(wanted.category, each) for each in groups]
    return {"price_groups__in": [*groups, None]} if groups else {}


def _price_keys(wanted: ProductFilter, states: Mapping[str, Any]) -> Q:
    """Return the condition on the keys by which prices are sorted: a range for each currency."""
    if wanted.currency is None and not _has_range(wanted):
        return Q()
    currencies = [wanted.currency] if wanted.currency else _currencies(states)
    first, last = wanted.min_price or 0, wanted.max_price
    ranges = [
        Q(
            price_key__gte=_place_of(each, first),
            price_key__lt=f"{each if last is None else _place_of(each, last)};",
        )
        for each in currencies
    ]
    return reduce(or_, ranges, Q())


def _currencies(states: Mapping[str, Any]) -> list[str]:
    """Return the currencies of products in these states, by one step of the index for each."""
    found: list[str] = []
    keys = Product.objects(**states).order_by("price_key").scalar("price_key")
    # A semicolon follows the colon behind the currency.
    while key := keys.filter(price_key__gt=f"{found[-1]};" if found else "").first():
        found.append(key.partition(":")[0])
    return found


def _has_range(wanted: ProductFilter) -> bool:
    return wanted.min_price is not None or wanted.max_price is not None


def _beginning_with(words: list[str]) -> dict[str, Any]:
    """Return the condition that each word begins a word of the product; the index supports it."""
    terms = [{"words": {"$regex": f"^{re.escape(word)}"}} for word in words]
    return terms[0] if len(terms) == 1 else {"$and": terms}
