"""Answers about the catalogue are kept, and never older than the catalogue."""

import json
from collections.abc import Callable
from typing import Any

import execution
import kept_answers
import pytest
from executable import executable_schema

from tests.integration.builders import (
    a_person,
    a_product,
    a_redis_that_is_away,
    at_once,
    graphql,
    token_of,
)
from tests.integration.gateway.conftest import sign_in
from tests.unit.gateway.builders import send
from tidings.platform.caching import cache
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.products import product_cache
from tidings.products.models import Product
from tidings.products.operations import adjust_stock, update_product
from tidings.products.schemas import AdjustStock, ProductView, StockLine, UpdateProduct
from tidings.products.stock import release_stock, reserve_stock

pytestmark = pytest.mark.usefixtures("keys")

OPERATOR = a_person(Role.OPERATOR)
LIST = "{ getProducts(first: 5) { totalCount nodes { id title price { amount } stock } } }"
ONE = "query($id: ID!) { getProduct(id: $id) { title stock } }"
MIXED = "{ getProducts { nodes { title } } me { id } }"
FRAGMENT = "{ ...all } fragment all on Query { getProducts { nodes { title } } }"


@pytest.fixture(autouse=True)
def forget_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_answers._here.clear()


def ask(query: str = LIST, caller: Principal | None = None, **variables: Any) -> Any:
    answer = graphql(query, token=token_of(caller) if caller else None, **variables)
    assert "errors" not in answer.content, answer.content
    return answer.content["data"]


def titles(caller: Principal | None = None, query: str = LIST) -> list[str]:
    return [each["title"] for each in ask(query, caller)["getProducts"]["nodes"]]


def executed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets an entry for each execution of a document."""
    calls, execute = list[str](), execution._execute

    def noted(request: Any, *others: Any) -> Any:
        calls.append(request.query)
        return execute(request, *others)

    monkeypatch.setattr(execution, "_execute", noted)
    return calls


def test_answer_is_kept_for_customers_and_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    a_product(title="Mug")
    calls = executed(monkeypatch)
    first = ask()
    assert ask(caller=a_person()) == ask() == first
    assert len(calls) == 1


def test_another_environment_takes_the_answer_from_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    a_product(title="Mug")
    calls = executed(monkeypatch)
    first = ask()
    kept_answers._here.clear()
    assert ask() == first
    assert len(calls) == 1


def test_answers_differ_by_document_variables_and_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mug, cup = a_product(title="Mug"), a_product(title="Cup")
    calls = executed(monkeypatch)
    for _ in range(2):
        assert ask(ONE, id=mug.id)["getProduct"]["title"] == "Mug"
        assert ask(ONE, id=cup.id)["getProduct"]["title"] == "Cup"
        both = "query a { getProducts { nodes { title } } } query b { getProducts { totalCount } }"
        for name, field in (("a", "nodes"), ("b", "totalCount")):
            sent = {"query": both, "operationName": name}
            assert field in json.loads(_post(sent))["data"]["getProducts"]
    assert len(calls) == 4


def _post(body: dict[str, Any]) -> str:
    return send(body=body).text


CHANGES: dict[str, Callable[[ProductView], object]] = {
    "title": lambda product: update_product(
        product.id, UpdateProduct.model_validate({"version": 1, "title": "Jug"}), caller=OPERATOR
    ),
    "retired": lambda product: update_product(
        product.id,
        UpdateProduct.model_validate({"version": 1, "state": "retired"}),
        caller=OPERATOR,
    ),
    "stock": lambda product: adjust_stock(
        product.id, AdjustStock(change=-1, reason="x"), caller=OPERATOR
    ),
    "order": lambda product: reserve_stock(
        new_id(), [StockLine(product_id=product.id, quantity=1)]
    ),
    "another": lambda _: a_product(title="New"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_answer_shows_each_change_of_the_catalogue(
    change: Callable[[ProductView], object],
) -> None:
    product = a_product(title="Mug")
    before = ask()
    change(product)
    after = ask()
    assert after != before
    assert after == ask(LIST.replace("{ totalCount", "{ totalCount  "))


def test_released_stock_is_shown() -> None:
    product, order_id = a_product(stock=3), new_id()
    reserve_stock(order_id, [StockLine(product_id=product.id, quantity=2)])
    assert ask(ONE, id=product.id)["getProduct"]["stock"] == 1
    release_stock(order_id)
    assert ask(ONE, id=product.id)["getProduct"]["stock"] == 3


def test_answer_that_was_computed_during_a_change_is_not_used_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = a_product(title="Mug")
    execute = execution._execute

    def changed_meanwhile(*given: Any) -> Any:
        result = execute(*given)
        monkeypatch.setattr(execution, "_execute", execute)
        CHANGES["title"](product)
        return result

    monkeypatch.setattr(execution, "_execute", changed_meanwhile)
    assert titles() == ["Mug"]
    assert titles() == ["Jug"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_answers_of_operators_are_not_kept(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    a_product(title="Mug")
    assert titles() == ["Mug"]
    a_draft = a_product(title="Draft", state="draft")
    assert titles(a_person(role)) == ["Draft", "Mug"]
    assert titles() == titles(a_person()) == ["Mug"]
    calls = executed(monkeypatch)
    for _ in range(2):
        ask(caller=a_person(role))
    assert len(calls) == 2
    assert a_draft.state == "draft"


def test_answers_with_data_of_a_person_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = sign_in(Role.CUSTOMER, Role.CUSTOMER)
    calls = executed(monkeypatch)
    for each in (one, other):
        answer = graphql(MIXED, token=each.token)
        assert answer.content["data"]["me"]["id"] == each.user_id
    for _ in range(2):
        ask(FRAGMENT)
    assert len(calls) == 4


def test_only_fields_whose_data_is_all_of_the_catalogue_are_kept() -> None:
    query = executable_schema().query_type
    assert query is not None
    generations = {name: kept_answers._generation_of_field(name) for name in query.fields}
    assert {name: each for name, each in generations.items() if each is not None} == {
        "getProduct": product_cache.CATALOGUE,
        "getProducts": product_cache.CATALOGUE,
    }


def test_errors_are_not_kept() -> None:
    unknown = new_id()
    assert "errors" in graphql(ONE, id=unknown).content
    assert "errors" in graphql(ONE, id=unknown).content
    assert graphql(ONE, id=3.5).status == 200
    refused = graphql(ONE, id=3.5).content
    assert "data" not in refused
    assert refused["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_without_redis_each_answer_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    product = a_product(title="Mug")
    assert titles() == ["Mug"]
    monkeypatch.setattr(cache, "client", a_redis_that_is_away)
    Product.objects(pk=product.id).update_one(set__title="Cup")
    assert titles() == ["Cup"]


def test_a_new_generation_begins_if_redis_lost_the_old_one() -> None:
    product = a_product(title="Mug")
    assert titles() == ["Mug"]
    CHANGES["title"](product)
    cache.client().delete(product_cache.CATALOGUE.key)
    assert titles() == ["Jug"]


def test_many_at_once_see_one_generation() -> None:
    assert len(set(at_once([product_cache.CATALOGUE.current] * 8))) == 1


def test_an_environment_keeps_a_bounded_number_of_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_answers, "MAX_KEPT", 3)
    for n in range(1, 6):
        ask(f"{{ getProducts(first: {n}) {{ totalCount }} }}")
    assert len(kept_answers._here) == 3


def test_large_answers_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    a_product(title="Mug")
    monkeypatch.setattr(kept_answers, "MAX_CHARACTERS", 10)
    calls = executed(monkeypatch)
    assert ask() == ask()
    assert len(calls) == 2
