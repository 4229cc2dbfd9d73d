"""The declaration of an operation is enforced for every caller of the domain function."""

import pytest
from pydantic import BaseModel

from tidings.platform.errors import Forbidden, NotFound, Unauthenticated
from tidings.platform.operation import OPERATIONS, PUBLIC, Whose, operation, operation_of
from tidings.platform.security.auth import Principal, Role


class Wish(BaseModel):
    text: str = ""


def caller(role: Role) -> Principal:
    return Principal(user_id="1" * 24, role=role)


@pytest.fixture(autouse=True)
def keep_the_registry() -> object:
    before = dict(OPERATIONS)
    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


@pytest.mark.parametrize("needed", [Role.CUSTOMER, Role.OPERATOR, Role.ADMIN])
@pytest.mark.parametrize("role", Role)
def test_role_is_checked_before_the_function_runs(needed: Role, role: Role) -> None:
    ran: list[Role] = []

    @operation(role=needed)
    def grant(wish: Wish, *, caller: Principal) -> str:
        ran.append(caller.role)
        return wish.text

    if role.includes(needed):
        assert grant(Wish(text="a"), caller=caller(role)) == "a"
        return
    with pytest.raises(Forbidden):
        grant(Wish(), caller=caller(role))
    assert ran == []


def test_anonymous_caller_is_refused() -> None:
    @operation(role=Role.CUSTOMER)
    def grant(*, caller: Principal | None) -> None:
        pytest.fail("the operation ran")

    with pytest.raises(Unauthenticated):
        grant(caller=None)


def test_services_call_operations_that_allow_them() -> None:
    @operation(role=Role.OPERATOR, services=True)
    def grant(*, caller: Principal) -> str:
        return caller.user_id

    assert grant(caller=caller(Role.SERVICE)) == "1" * 24
    with pytest.raises(Forbidden):
        grant(caller=caller(Role.CUSTOMER))


def test_public_operation_accepts_any_caller() -> None:
    @operation(role=PUBLIC)
    def grant(wish: Wish) -> str:
        return wish.text

    assert grant(Wish(text="a")) == "a"


def test_role_without_a_caller_is_an_error() -> None:
    with pytest.raises(TypeError, match="takes a caller"):

        @operation(role=Role.CUSTOMER)
        def grant(wish: Wish) -> None: ...


def test_two_domains_cannot_declare_one_name() -> None:
    def grant() -> None: ...

    def other() -> None: ...

    grant.__module__, other.__module__ = "tidings.orders.operations", "tidings.tasks.operations"
    other.__name__ = "grant"
    operation(role=PUBLIC)(grant)
    with pytest.raises(TypeError, match="orders and tasks declare grant"):
        operation(role=PUBLIC)(other)


def test_declaration_has_the_contract() -> None:
    @operation(role=Role.CUSTOMER, whose=Whose.OWN, others=NotFound, refuses=(NotFound,))
    def grant_wish(
        wish_id: str, wish: Wish | None = None, *, caller: Principal, at: int | None = None
    ) -> Wish:
        """Grant a wish
        of a person.

        Further text.
        """
        return wish or Wish(text=wish_id)

    declared = operation_of(grant_wish)
    assert (declared.name, declared.returns) == ("grant_wish", Wish)
    assert declared.summary.startswith("Grant a wish")
    found = {each.name: (each.type, each.optional, each.model) for each in declared.parameters}
    assert found == {
        "wish_id": (str, False, None),
        "wish": (Wish, True, Wish),
        "caller": (Principal, False, None),
    }


@pytest.mark.parametrize(
    ("whose", "allowed"),
    [
        (Whose.ANYONES, {"owner", "customer", "operator", "admin"}),
        (Whose.OWN, {"owner"}),
        (Whose.OWN_OR_OPERATOR, {"owner", "operator", "admin"}),
        (Whose.OWN_OR_ADMIN, {"owner", "admin"}),
    ],
)
def test_data_scope_includes_its_roles(whose: Whose, allowed: set[str]) -> None:
    found = {
        role.value
        for role in (Role.CUSTOMER, Role.OPERATOR, Role.ADMIN)
        if whose.includes(role, owner=False)
    }
    if whose.includes(Role.CUSTOMER, owner=True):
        found.add("owner")
    assert found == allowed
