"""A small handmade shop with the recommendations that a person would expect."""

from datetime import timedelta

import pytest

from tests.integration.builders import a_person, a_product
from tests.integration.recommendations.builders import (
    a_customer,
    buys,
    confirmed,
    learn_all,
    list_of,
    looks_at,
    titles_of,
)
from tidings.orders.events import OrderCancelled, OrderCancelledData
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import now
from tidings.products.operations import adjust_stock, update_product
from tidings.products.schemas import AdjustStock, ProductView, UpdateProduct
from tidings.recommendations.operations import learn

Shop = dict[str, ProductView]

SHELVES = {
    "camping": ("Tent", "Sleeping bag", "Mat", "Stove"),
    "light": ("Torch", "Batteries"),
    "books": ("Novel", "Cookbook", "Atlas"),
    "gifts": ("Gift card",),
}
BASKETS = [
    ("Tent", "Sleeping bag", "Mat"),
    ("Tent", "Sleeping bag", "Gift card"),
    ("Tent", "Sleeping bag"),
    ("Tent", "Stove", "Gift card"),
    ("Torch", "Batteries"),
    ("Torch", "Batteries", "Gift card"),
    ("Novel", "Cookbook", "Gift card"),
    ("Novel", "Cookbook"),
    ("Novel", "Gift card"),
    ("Cookbook", "Gift card"),
    ("Gift card",),
    ("Gift card", "Torch"),
]


@pytest.fixture
def shop() -> Shop:
    """Return the products by title, after some months of business."""
    made = {
        title: a_product(
            title=title,
            categories=[category],
            attributes={"consumable": "yes"} if title == "Batteries" else {},
        )
        for category, titles in SHELVES.items()
        for title in titles
    }
    for basket in BASKETS:
        buys(a_customer(), *(made[title] for title in basket))
    learn_all()
    return made


def who_bought(shop: Shop, *titles: str) -> Principal:
    person = a_customer()
    buys(person, *(shop[title] for title in titles))
    learn_all()
    return person


def test_tent_leads_to_a_sleeping_bag_and_no_second_tent(shop: Shop) -> None:
    titles = titles_of(who_bought(shop, "Tent"))
    assert titles[0] == "Sleeping bag"
    assert "Tent" not in titles
    assert set(titles[:4]) == {"Sleeping bag", "Mat", "Stove", "Gift card"}


def test_popular_product_is_not_ranked_before_related_ones(
    shop: Shop,
) -> None:
    titles = titles_of(who_bought(shop, "Novel"))
    assert titles.index("Cookbook") < titles.index("Gift card")


def test_reason_names_the_bought_product(shop: Shop) -> None:
    best = list_of(who_bought(shop, "Tent", "Torch"))
    reasons = {each.product.title: each.reason for each in best}
    bag = reasons["Sleeping bag"]
    assert (bag.code, bag.product_id, bag.product_title) == (
        "because_bought",
        shop["Tent"].id,
        "Tent",
    )
    assert bag.text == "Because you bought Tent"
    assert reasons["Batteries"].text == "Because you bought Torch"


def test_consumable_may_be_recommended_again(shop: Shop) -> None:
    titles = titles_of(who_bought(shop, "Torch", "Batteries"))
    assert "Batteries" in titles
    assert "Torch" not in titles


@pytest.mark.parametrize("category", ["consumable", "consumables"])
def test_category_can_mark_a_consumable(category: str) -> None:
    tape = a_product(title="Tape", categories=[category])
    person = a_customer()
    buys(person, tape)
    learn_all()
    (again,) = list_of(person)
    assert (again.product.title, again.reason.code) == ("Tape", "buy_again")


def test_sold_out_product_is_not_recommended_until_it_is_back(shop: Shop) -> None:
    person = who_bought(shop, "Tent")
    operator = a_person(Role.OPERATOR)
    bag = shop["Sleeping bag"]
    adjust_stock(bag.id, AdjustStock(change=-bag.stock, reason="Broken."), caller=operator)
    assert "Sleeping bag" not in titles_of(person)
    adjust_stock(bag.id, AdjustStock(change=1, reason="Found one."), caller=operator)
    assert titles_of(person)[0] == "Sleeping bag"


def test_retired_product_is_never_recommended(shop: Shop) -> None:
    person = who_bought(shop, "Tent")
    retired = UpdateProduct.model_validate({"version": 1, "state": "retired"})
    update_product(shop["Sleeping bag"].id, retired, caller=a_person(Role.OPERATOR))
    assert "Sleeping bag" not in titles_of(person)


def test_viewed_tent_is_recommended_with_related_products(shop: Shop) -> None:
    for _ in range(3):
        looks_at(a_customer(), shop["Tent"], shop["Sleeping bag"])
    person = a_customer()
    looks_at(person, shop["Tent"])
    learn_all()
    reasons = {each.product.title: each.reason for each in list_of(person)}
    assert next(iter(reasons)) == "Sleeping bag"
    assert reasons["Tent"].code == "looked_at"
    assert reasons["Sleeping bag"].text == "Because you looked at Tent"


def test_latest_activity_is_ranked_before_an_old_one(shop: Shop) -> None:
    person = a_customer()
    buys(person, shop["Tent"], at=now() - timedelta(days=400))
    buys(person, shop["Novel"])
    learn_all()
    titles = titles_of(person)
    assert titles.index("Cookbook") < titles.index("Sleeping bag")


def test_new_person_gets_the_best_of_each_category(shop: Shop) -> None:
    best = list_of(a_customer())
    titles = {each.product.title for each in best[:4]}
    assert titles - {"Novel", "Cookbook"} == {"Gift card", "Tent", "Torch"}
    assert {each.reason.code for each in best} == {"popular_in_category"}
    assert "Popular in camping" in {each.reason.text for each in best[:4]}


def test_list_is_filled_from_the_persons_categories(shop: Shop) -> None:
    shop["Hammock"] = a_product(title="Hammock", categories=["camping"])
    buys(a_customer(), shop["Hammock"])
    person = who_bought(shop, "Mat")
    filled = {each.product.title: each.reason for each in list_of(person)}
    assert filled["Hammock"].text == "Popular in camping"
    assert list(filled).index("Hammock") < list(filled).index("Novel")


def test_person_who_bought_everything_gets_nothing_again() -> None:
    person, product = a_customer(), a_product()
    buys(a_customer(), product)
    buys(person, product)
    learn_all()
    assert list_of(person) == []


def test_empty_shop_recommends_nothing() -> None:
    assert list_of(a_customer()) == []


def test_cancelled_order_has_no_effect(shop: Shop) -> None:
    person = a_customer()
    event = confirmed(person, shop["Tent"])
    learn(event)
    learn_all()
    assert titles_of(person)[0] == "Sleeping bag"
    data = OrderCancelledData(
        order_id=event.data.order_id, customer_id=person.user_id, reason="Too late."
    )
    learn(OrderCancelled(subject=event.data.order_id, data=data))
    assert "because_bought" not in {each.reason.code for each in list_of(person)}
