"""Tests of the table of order steps."""

from itertools import product

import pytest

from tidings.orders.errors import StepRefused
from tidings.orders.states import OPEN_STATES, STEPS, Actor, OrderState, check_step

S = OrderState
POSSIBLE = {
    (S.PLACED, S.CONFIRMED),
    (S.PLACED, S.REJECTED),
    (S.PLACED, S.CANCELLED),
    (S.CONFIRMED, S.PAID),
    (S.CONFIRMED, S.CANCELLED),
    (S.PAID, S.PACKED),
    (S.PAID, S.CANCELLED),
    (S.PACKED, S.SHIPPED),
    (S.PACKED, S.CANCELLED),
    (S.SHIPPED, S.DELIVERED),
    (S.SHIPPED, S.RETURNED),
    (S.DELIVERED, S.RETURNED),
}
IMPOSSIBLE = sorted(set(product(OrderState, repeat=2)) - POSSIBLE)


def reachable(start: OrderState) -> set[OrderState]:
    found: set[OrderState] = set()
    open_ends = [start]
    while open_ends:
        following = set(STEPS[open_ends.pop()]) - found
        found |= following
        open_ends.extend(following)
    return found


def test_table_has_every_state() -> None:
    assert set(STEPS) == set(OrderState)


def test_every_state_can_be_reached() -> None:
    assert reachable(S.PLACED) == set(OrderState) - {S.PLACED}


@pytest.mark.parametrize("state", OrderState)
def test_no_state_can_be_reached_again(state: OrderState) -> None:
    """Therefore every order ends, and its history has no state twice."""
    assert state not in reachable(state)


@pytest.mark.parametrize(("before", "after"), sorted(POSSIBLE))
def test_possible_step_has_an_actor(before: OrderState, after: OrderState) -> None:
    assert STEPS[before][after]
    for actor in STEPS[before][after]:
        check_step(before, after, actor)


@pytest.mark.parametrize(("before", "after"), IMPOSSIBLE)
@pytest.mark.parametrize("actor", Actor)
def test_impossible_step_is_refused_with_both_states(
    before: OrderState, after: OrderState, actor: Actor
) -> None:
    with pytest.raises(StepRefused) as refused:
        check_step(before, after, actor)
    assert refused.value.message == f"An order cannot go from {before} to {after}."
    assert (refused.value.status, refused.value.field) == (422, "state")
    assert refused.value.before == before


def test_step_of_another_actor_is_refused_with_the_right_actor() -> None:
    with pytest.raises(StepRefused, match="from packed to cancelled unless the operator does"):
        check_step(S.PACKED, S.CANCELLED, Actor.CUSTOMER)
    with pytest.raises(StepRefused, match="from placed to confirmed unless the shop does"):
        check_step(S.PLACED, S.CONFIRMED, Actor.OPERATOR)


def test_customers_can_only_cancel_and_only_before_packing() -> None:
    theirs = {
        (before, after)
        for before, steps in STEPS.items()
        for after, actors in steps.items()
        if Actor.CUSTOMER in actors
    }
    assert theirs == {(each, S.CANCELLED) for each in (S.PLACED, S.CONFIRMED, S.PAID)}


def test_only_the_shop_decides_on_stock() -> None:
    assert STEPS[S.PLACED][S.CONFIRMED] == STEPS[S.PLACED][S.REJECTED] == {Actor.SHOP}


def test_open_orders_are_those_between_confirmation_and_end() -> None:
    assert set(OPEN_STATES) == {S.CONFIRMED, S.PAID, S.PACKED, S.SHIPPED}
