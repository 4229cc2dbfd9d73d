"""The catalogue: visibility, filters, orders, search and pages."""

from typing import Any

import pytest

from tests.integration.builders import a_person, a_product
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import Page, PageRequest
from tidings.platform.storage.sorting import UnknownCursor
from tidings.platform.timing.clock import new_id
from tidings.products.errors import ProductNotFound, StateNotShown
from tidings.products.fields import ProductSort
from tidings.products.models import Product
from tidings.products.queries import (
    get_product,
    get_products,
    get_products_by_id,
    get_products_seen_by,
)
from tidings.products.schemas import ProductFilter, ProductView

OPERATOR, ADMIN = a_person(Role.OPERATOR), a_person(Role.ADMIN)
SORTS = list(ProductSort)


def listed(
    caller: Principal | None = None,
    sort: ProductSort = ProductSort.NEWEST,
    page: dict[str, Any] | None = None,
    **wanted: Any,
) -> Page[ProductView]:
    request = PageRequest.model_validate(page or {})
    return get_products(request, ProductFilter.model_validate(wanted), sort, caller=caller)


def titles(page: Page[ProductView]) -> list[str]:
    return [each.title for each in page.items]


# ------------------------------------------------------------------- visibility


@pytest.fixture
def of_each_state() -> dict[str, ProductView]:
    return {state: a_product(state=state, title=state) for state in ("draft", "active", "retired")}


@pytest.mark.parametrize("caller", [None, a_person()], ids=["stranger", "customer"])
@pytest.mark.parametrize("more", [{}, {"state": "active"}, {"min_price": 1}, {"search": "a"}])
def test_customers_see_products_on_sale(
    caller: Principal | None, more: dict[str, Any], of_each_state: dict[str, ProductView]
) -> None:
    for _ in range(2):  # the second time from the cache
        page = listed(caller, **more)
        assert (titles(page), page.total) == (["active"], 1)
    for state, product in of_each_state.items():
        for _ in range(2):
            if state == "active":
                assert get_product(product.id, caller=caller) == product
            else:
                with pytest.raises(ProductNotFound):
                    get_product(product.id, caller=caller)


@pytest.mark.parametrize("caller", [None, a_person()], ids=["stranger", "customer"])
@pytest.mark.parametrize("state", ["draft", "retired"])
def test_customers_cannot_list_other_products(
    caller: Principal | None, state: str, of_each_state: dict[str, ProductView]
) -> None:
    with pytest.raises(StateNotShown) as refused:
        listed(caller, state=state)
    assert refused.value.code == "FORBIDDEN"


@pytest.mark.parametrize("caller", [OPERATOR, ADMIN], ids=["operator", "admin"])
def test_operators_see_all_products(
    caller: Principal, of_each_state: dict[str, ProductView]
) -> None:
    assert titles(listed(caller)) == ["retired", "active", "draft"]
    for state, product in of_each_state.items():
        assert titles(listed(caller, state=state)) == [state]
        assert get_product(product.id, caller=caller) == product


def test_list_for_an_operator_is_not_cached_for_others(
    of_each_state: dict[str, ProductView],
) -> None:
    draft = of_each_state["draft"]
    listed(OPERATOR)
    get_product(draft.id, caller=OPERATOR)
    assert titles(listed()) == ["active"]
    with pytest.raises(ProductNotFound):
        get_product(draft.id)


def test_only_products_on_sale_can_be_ordered(of_each_state: dict[str, ProductView]) -> None:
    ids = [each.id for each in of_each_state.values()]
    assert list(get_products_by_id(ids)) == [of_each_state["active"].id]
    assert list(get_products_seen_by(None, ids)) == [of_each_state["active"].id]
    assert set(get_products_seen_by(OPERATOR, ids)) == set(ids)


def test_unknown_product_is_not_found() -> None:
    for caller in (None, OPERATOR):
        with pytest.raises(ProductNotFound):
            get_product(new_id(), caller=caller)


# ---------------------------------------------------------------------- filters


@pytest.fixture
def shop() -> None:
    a_product(title="Mug", price=500, categories=["Kitchen", "sale"], stock=0)
    a_product(title="Pen", price=1500, categories=["office"], stock=2)
    a_product(title="Ink", price=1500, currency="USD", categories=["office", "sale"])
    a_product(title="Desk", price=90_000, stock=1)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"category": "office"}, ["Ink", "Pen"]),
        ({"category": "KITCHEN"}, ["Mug"]),
        ({"category": "offic"}, []),
        ({"currency": "USD"}, ["Ink"]),
        ({"min_price": 1500}, ["Desk", "Ink", "Pen"]),
        ({"max_price": 1500}, ["Ink", "Pen", "Mug"]),
        ({"min_price": 501, "max_price": 1499}, []),
        ({"min_price": 600, "max_price": 500}, []),
        ({"min_price": 1000, "max_price": 2000, "currency": "EUR"}, ["Pen"]),
        ({"in_stock": True}, ["Desk", "Ink", "Pen"]),
        ({"in_stock": False}, ["Mug"]),
        ({"category": "sale", "in_stock": True, "currency": "USD", "max_price": 1500}, ["Ink"]),
        ({"category": "sale", "search": "mu"}, ["Mug"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("caller", [None, OPERATOR], ids=["stranger", "operator"])
def test_filter_finds(
    shop: None, wanted: dict[str, Any], found: list[str], caller: Principal | None
) -> None:
    page = listed(caller, **wanted)
    assert titles(page) == found
    assert page.total == len(found)


# ----------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("fountain", True),
        ("FOUNT", True),
        ("pen fountain", True),
        ("cafe", True),
        ("Café", True),
        ("blue-01", True),
        ("PEN-BLUE-01", True),
        ("office", True),
        ("gold", True),
        ("writes", True),
        ("ountain", False),
        ("fountain pencil", False),
        (".*", True),
        ("^f", True),
        ("f.untain", False),
        ("$where", False),
        ("(", True),
        ("", True),
        ("\x00", True),
        ("日本", False),
    ],
    ids=repr,
)
def test_search_finds_beginnings_of_words(search: str, found: bool) -> None:
    a_product(
        sku="PEN-BLUE-01",
        title="Fountain Pen Café",
        description="It writes.",
        categories=["office"],
        attributes={"nib": "gold"},
    )
    assert bool(listed(search=search).items) is found


@pytest.mark.parametrize(
    ("search", "titles"),
    [
        ("दूध", ["दूध पाउडर"]),
        ("バス", ["ﾊﾞｽタオル"]),
        ("パス", ["パス"]),
        ("たおる", ["ﾊﾞｽタオル"]),
        ("石鹸", ["牛乳石鹸"]),
        ("รองเท้า", ["ขายรองเท้า"]),
        ("مدرس", ["مُدَرِّس"]),
        ("ΟΔΟΣ", ["ὁδός"]),
        ("\uff11\uff10\uff10", ["100 %"]),
        ("element", ["Élément"]),
    ],
)
def test_search_reads_every_script(search: str, titles: list[str]) -> None:
    shelf = ["दूध पाउडर", "दही धनिया", "ﾊﾞｽタオル", "パス", "牛乳石鹸", "ขายรองเท้า"]
    for title in [*shelf, "مُدَرِّس", "ὁδός", "100 %", "Élément"]:
        a_product(title=title)
    assert [each.title for each in listed(search=search).items] == titles


def test_search_follows_a_change() -> None:
    product = a_product(title="Mug")
    Product.objects(pk=product.id).update_one(inc__stock=1)
    from tidings.products.operations import update_product
    from tidings.products.schemas import UpdateProduct

    update_product(
        product.id,
        UpdateProduct.model_validate({"version": 1, "title": "Jug"}),
        caller=a_person(Role.OPERATOR),
    )
    assert (listed(search="mug").total, listed(search="jug").total) == (0, 1)


# ------------------------------------------------------------- orders and pages


@pytest.fixture
def ten() -> list[ProductView]:
    prices = [300, 100, 100, 90_000, 5, 100, 700, 20, 100, 9]
    names = ["b", "Z", "a", "É", "A", "ez", "e", "ß", "10", "9"]
    return [a_product(price=price, title=name) for price, name in zip(prices, names, strict=True)]


def test_prices_go_up_and_down(ten: list[ProductView]) -> None:
    prices = sorted(each.price.amount for each in ten)
    up = [each.price.amount for each in listed(sort=ProductSort.PRICE_ASC).items]
    down = [each.price.amount for each in listed(sort=ProductSort.PRICE_DESC).items]
    assert (up, down) == (prices, prices[::-1])


def test_titles_are_sorted_by_language_rules(ten: list[ProductView]) -> None:
    assert titles(listed(sort=ProductSort.TITLE)) == [
        *("10", "9", "a", "A", "b", "e", "É", "ez", "ß", "Z"),
    ] or titles(listed(sort=ProductSort.TITLE)) == [
        *("10", "9", "a", "A", "b", "É", "e", "ez", "ß", "Z"),
    ]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("wanted", [{}, {"in_stock": True}], ids=["everything", "filtered"])
@pytest.mark.parametrize("caller", [None, OPERATOR], ids=["stranger", "operator"])
def test_cursors_return_all_products_in_each_order(
    ten: list[ProductView], sort: ProductSort, wanted: dict[str, Any], caller: Principal | None
) -> None:
    whole = listed(caller, sort, **wanted)
    walked: list[str] = []
    page = listed(caller, sort, {"limit": 3}, **wanted)
    while True:
        walked += [each.id for each in page.items]
        assert page.total == 10
        if not page.has_next:
            break
        page = listed(caller, sort, {"limit": 3, "after": page.cursors[-1]}, **wanted)
    assert walked == [each.id for each in whole.items]
    assert sorted(walked) == sorted(each.id for each in ten)


@pytest.mark.parametrize("sort", SORTS)
def test_pages_by_number_are_the_same_as_by_cursor(
    ten: list[ProductView], sort: ProductSort
) -> None:
    whole = [each.id for each in listed(sort=sort).items]
    pages = [listed(sort=sort, page={"limit": 4, "page": n}) for n in (1, 2, 3)]
    assert [each.id for page in pages for each in page.items] == whole
    assert [page.has_next for page in pages] == [True, True, False]


@pytest.mark.parametrize("sort", SORTS)
def test_list_is_stable_while_products_are_added(ten: list[ProductView], sort: ProductSort) -> None:
    rest = [each.id for each in listed(sort=sort).items][4:]
    first = listed(sort=sort, page={"limit": 4})
    for price, name in ((1, "0"), (100_000, "zz"), (100, "a")):
        a_product(price=price, title=name)
    after = listed(sort=sort, page={"limit": 100, "after": first.cursors[-1]})
    old = {each.id for each in ten}
    assert [each.id for each in after.items if each.id in old] == rest


@pytest.mark.parametrize("sort", SORTS)
def test_cursor_of_another_order_is_refused(ten: list[ProductView], sort: ProductSort) -> None:
    for other in set(SORTS) - {sort, ProductSort.NEWEST}:
        cursor = listed(sort=other, page={"limit": 1}).cursors[-1]
        if sort is not ProductSort.NEWEST:
            with pytest.raises(UnknownCursor):
                listed(sort=sort, page={"after": cursor})


def test_longest_title_has_a_valid_cursor() -> None:
    for title in ("ﷺ" * 200, "漢" * 200, "x" * 200):
        a_product(title=title)
    first = listed(sort=ProductSort.TITLE, page={"limit": 1})
    after = listed(sort=ProductSort.TITLE, page={"limit": 2, "after": first.cursors[-1]})
    assert len(after.items) == 2
