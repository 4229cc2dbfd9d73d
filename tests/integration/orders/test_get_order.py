"""Orders are readable by their customer and by operators."""

import pytest

from tests.integration.builders import a_person, an_order
from tidings.orders.errors import OrderNotFound
from tidings.orders.models import Order
from tidings.orders.queries import get_order
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id


def test_customer_reads_their_order() -> None:
    customer = a_person()
    order = an_order(customer=customer)
    assert get_order(order.id, caller=customer) == order


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operators_read_every_order(role: Role) -> None:
    order = an_order()
    assert get_order(order.id, caller=a_person(role)).id == order.id


def test_order_of_another_is_answered_like_an_unknown_one() -> None:
    order = an_order()
    with pytest.raises(OrderNotFound) as theirs:
        get_order(order.id, caller=a_person())
    with pytest.raises(OrderNotFound) as none:
        get_order(new_id(), caller=a_person())
    assert theirs.value.message == none.value.message


@pytest.mark.parametrize("order_id", ["", "x", "$gt", "\x00", "a" * 10_000])
def test_malformed_id_finds_nothing(order_id: str) -> None:
    with pytest.raises(OrderNotFound):
        get_order(order_id, caller=a_person(Role.ADMIN))


def test_order_without_actors_in_its_history_can_be_read() -> None:
    """Orders of the first version are stored so."""
    order = an_order()
    unset = {"$unset": {"history.0.actor": "", "history.0.user_id": ""}}
    Order._get_collection().update_one({"_id": order.id}, unset)
    (step,) = get_order(order.id, caller=a_person(Role.ADMIN)).history
    assert (step.actor, step.user_id) == ("shop", None)
