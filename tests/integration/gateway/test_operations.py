"""Every operation of the gateway through Chalice's handler, with the real services."""

import json

import pytest

from tests.integration.builders import (
    PASSWORD,
    a_person,
    a_product,
    a_reader,
    an_address,
    an_order,
    graphql,
    stock_of,
    token_of,
)
from tests.unit.gateway.builders import GRAPHQL_JSON, Answer, send
from tidings.delivery.models import Notification
from tidings.notifications.notifying import notify
from tidings.orders.events import OrderRejected, OrderRejectedData
from tidings.orders.models import Order
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.products.models import Product
from tidings.users.models import User
from tidings.users.registration import create_admin
from tidings.users.schemas import RegisterUser

pytestmark = pytest.mark.usefixtures("keys")

REGISTER = "mutation($i:RegisterUserInput!){registerUser(input:$i){email message}}"
LOGIN = "mutation($i:LoginInput!){login(input:$i){accessToken tokenType expiresIn user{id role}}}"
CREATE_PRODUCT = (
    "mutation($i:CreateProductInput!){createProduct(input:$i)"
    "{id sku title description price{amount currency} stock createdAt}}"
)
PLACE_ORDER = (
    "mutation($i:PlaceOrderInput!){placeOrder(input:$i){id customerId state correlationId"
    " createdAt total{amount currency} items{productId sku title quantity unitPrice{amount}}"
    " history{state at reason}}}"
)
GET_ORDER = "query($i:ID!){getOrder(id:$i){id state customerId}}"
INBOX = (
    "query($u:ID,$r:Boolean,$n:Int,$a:String){getUserNotifications"
    "(userId:$u,unreadOnly:$r,first:$n,after:$a){totalCount"
    " nodes{id userId kind title body subjectId correlationId createdAt readAt}"
    " edges{cursor node{id}} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}"
)
MARK_READ = "mutation($i:ID!){markNotificationRead(id:$i){id readAt}}"


def data(answer: Answer) -> dict[str, object]:
    assert "errors" not in answer.content, answer.text
    content: dict[str, object] = answer.content["data"]
    return content


def code(answer: Answer) -> str:
    assert answer.content.get("data") is None, answer.text
    return answer.code


def a_notification(person: Principal) -> str:
    content = OrderRejectedData(order_id=new_id(), customer_id=person.user_id, reason="none")
    notify(OrderRejected(subject=content.order_id, data=content))
    notification_id: str = Notification.objects(user_id=person.user_id).order_by("-id").first().id
    return notification_id


# ------------------------------------------------------------------------- accounts


def test_person_registers_signs_in_and_reads_the_account() -> None:
    email = an_address()
    person = {"email": email.upper(), "password": PASSWORD, "name": "Ada"}
    assert data(graphql(REGISTER, i=person))["registerUser"]["email"] == email  # type: ignore[index]
    credentials = {"email": email, "password": PASSWORD}
    session = graphql(LOGIN, i=credentials).content["data"]["login"]
    assert (session["tokenType"], session["expiresIn"]) == ("Bearer", 900)
    me = graphql("{me{id email name role createdAt}}", token=session["accessToken"])
    user = me.content["data"]["me"]
    assert (user["id"], user["email"], user["role"]) == (session["user"]["id"], email, "CUSTOMER")
    assert user["createdAt"].endswith("Z")


def test_wrong_password_gets_the_same_error_as_an_unknown_address() -> None:
    email = an_address()
    graphql(REGISTER, i={"email": email, "password": PASSWORD, "name": "Ada"})
    wrong = graphql(LOGIN, i={"email": email, "password": "not the password"})
    unknown = graphql(LOGIN, i={"email": an_address(), "password": PASSWORD})
    assert code(wrong) == code(unknown) == "UNAUTHENTICATED"
    assert wrong.errors[0]["message"] == unknown.errors[0]["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"email": "ada"}, "email"), ({"password": "short"}, "password"), ({"name": " "}, "name")],
)
def test_invalid_registration_names_its_field_and_creates_no_account(
    change: dict[str, str], field: str
) -> None:
    person = {"email": an_address(), "password": PASSWORD, "name": "Ada"} | change
    answer = graphql(REGISTER, i=person)
    assert code(answer) == "BAD_USER_INPUT"
    assert answer.errors[0]["extensions"]["field"] == field
    assert User.objects.count() == 0


def test_role_cannot_be_chosen_at_registration() -> None:
    person = {"email": an_address(), "password": PASSWORD, "name": "Ada", "role": "ADMIN"}
    assert graphql(REGISTER, i=person).code == "BAD_USER_INPUT"
    assert User.objects.count() == 0


def test_deleted_account_is_not_found() -> None:
    assert code(graphql("{me{id}}", token=token_of(a_person()))) == "NOT_FOUND"


def test_new_administrator_may_create_products() -> None:
    email = an_address()
    content = {"email": email, "password": PASSWORD, "name": "Root"}
    create_admin(RegisterUser.model_validate(content))
    session = graphql(LOGIN, i={"email": email, "password": PASSWORD}).content["data"]["login"]
    product = {"sku": "mug", "title": "Mug", "price": {"amount": 990, "currency": "EUR"}}
    answer = graphql(CREATE_PRODUCT, token=session["accessToken"], i=product)
    created = answer.content["data"]["createProduct"]
    assert (created["sku"], created["stock"], created["description"]) == ("MUG", 0, "")
    assert created["price"] == {"amount": 990, "currency": "EUR"}


# ------------------------------------------------------------------------- products


@pytest.mark.parametrize(
    ("role", "refusal"),
    [(None, "UNAUTHENTICATED"), (Role.CUSTOMER, "FORBIDDEN"), (Role.OPERATOR, "FORBIDDEN")],
)
def test_only_administrators_create_products(role: Role | None, refusal: str) -> None:
    product = {"sku": "mug", "title": "Mug", "price": {"amount": 1, "currency": "EUR"}}
    token = token_of(a_person(role)) if role else None
    assert code(graphql(CREATE_PRODUCT, token=token, i=product)) == refusal
    assert Product.objects.count() == 0


def test_used_sku_is_a_conflict() -> None:
    taken = a_product()
    product = {"sku": taken.sku, "title": "Mug", "price": {"amount": 1, "currency": "EUR"}}
    answer = graphql(CREATE_PRODUCT, token=token_of(a_person(Role.ADMIN)), i=product)
    assert code(answer) == "CONFLICT"
    assert answer.errors[0]["extensions"]["field"] == "sku"
    assert Product.objects.count() == 1


def test_nested_field_is_named_as_in_the_request() -> None:
    product = {"sku": "mug", "title": "Mug", "price": {"amount": -1, "currency": "EUR"}}
    answer = graphql(CREATE_PRODUCT, token=token_of(a_person(Role.ADMIN)), i=product)
    assert answer.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "price.amount"}


def test_catalogue_is_public_and_continues_at_a_cursor() -> None:
    products = [a_product() for _ in range(3)]
    query = (
        "query($a:String){getProducts(first:2,after:$a)"
        "{totalCount nodes{id} pageInfo{hasNextPage endCursor}}}"
    )
    first = graphql(query).content["data"]["getProducts"]
    second = graphql(query, a=first["pageInfo"]["endCursor"]).content["data"]["getProducts"]
    listed = [node["id"] for page in (first, second) for node in page["nodes"]]
    assert listed == [product.id for product in reversed(products)]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert second["pageInfo"]["hasNextPage"] is False


def test_forged_cursor_is_bad_input() -> None:
    answer = graphql('{getProducts(after:"nope!"){totalCount}}')
    assert code(answer) == "BAD_USER_INPUT"
    assert answer.errors[0]["extensions"]["field"] == "after"


def test_query_by_url_is_answered() -> None:
    a_product()
    answer = send("GET", parameters={"query": "{getProducts{totalCount}}"})
    assert answer.content == {"data": {"getProducts": {"totalCount": 1}}}


# --------------------------------------------------------------------------- orders


def wanted(*product_ids: str, quantity: int = 1) -> dict[str, object]:
    return {"items": [{"productId": each, "quantity": quantity} for each in product_ids]}


def test_order_is_placed_with_the_requests_correlation_id() -> None:
    customer, product = a_person(), a_product(price=990)
    answer = graphql(
        PLACE_ORDER,
        token=token_of(customer),
        headers={"X-Correlation-Id": "request-7"},
        i=wanted(product.id, quantity=2),
    )
    order = answer.content["data"]["placeOrder"]
    assert answer.headers["x-correlation-id"] == order["correlationId"] == "request-7"
    assert (order["state"], order["customerId"]) == ("PLACED", customer.user_id)
    assert order["total"] == {"amount": 1980, "currency": "EUR"}
    assert order["items"][0]["unitPrice"] == {"amount": 990}
    assert [step["state"] for step in order["history"]] == ["PLACED"]
    assert take_stored() == []  # published after the answer


def test_anonymous_caller_cannot_place_an_order() -> None:
    product = a_product()
    assert code(graphql(PLACE_ORDER, i=wanted(product.id))) == "UNAUTHENTICATED"
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"items": []}, "items"),
        (wanted("nope"), "items.0.productId"),
        (wanted("6b0152a6f6b097fd8ed20a9a", quantity=0), "items.0.quantity"),
        (wanted("6b0152a6f6b097fd8ed20a9a"), "items.productId"),
    ],
)
def test_invalid_order_names_its_field_and_is_not_placed(
    content: dict[str, object], field: str
) -> None:
    answer = graphql(PLACE_ORDER, token=token_of(a_person()), i=content)
    assert code(answer) == "BAD_USER_INPUT"
    assert answer.errors[0]["extensions"]["field"] == field
    assert Order.objects.count() == 0


def test_order_is_visible_to_its_customer_and_operators_only() -> None:
    customer = a_person()
    order = an_order(customer=customer)
    for viewer in (customer, a_person(Role.OPERATOR)):
        answer = graphql(GET_ORDER, token=token_of(viewer), i=order.id)
        assert answer.content["data"]["getOrder"]["id"] == order.id
    assert code(graphql(GET_ORDER, token=token_of(a_person()), i=order.id)) == "NOT_FOUND"
    assert code(graphql(GET_ORDER, i=order.id)) == "UNAUTHENTICATED"


def test_mutation_by_get_places_no_order() -> None:
    product = a_product()
    answer = send(
        "GET",
        parameters={"query": PLACE_ORDER, "variables": json.dumps({"i": wanted(product.id)})},
        headers={"authorization": f"Bearer {token_of(a_person())}"},
    )
    assert answer.status == 405
    assert Order.objects.count() == 0
    assert stock_of(product) == 10


def test_one_field_of_several_may_fail() -> None:
    """A failed root field that must not be null makes the whole answer null, by GraphQL's rules."""
    answer = graphql("{getProducts{totalCount} me{id}}")
    assert answer.content["data"] is None
    assert answer.errors[0]["path"] == ["me"]


# --------------------------------------------------------------------- notifications


def test_inbox_is_listed_and_read() -> None:
    customer = a_reader()
    first, second = a_notification(customer), a_notification(customer)
    token = token_of(customer)
    read = graphql(MARK_READ, token=token, i=first).content["data"]["markNotificationRead"]
    assert read["readAt"].endswith("Z")
    everything = graphql(INBOX, token=token).content["data"]["getUserNotifications"]
    assert [node["id"] for node in everything["nodes"]] == [second, first]
    unread = graphql(INBOX, token=token, r=True).content["data"]["getUserNotifications"]
    assert [node["id"] for node in unread["nodes"]] == [second]
    assert unread["totalCount"] == 1


def test_inbox_continues_at_a_cursor() -> None:
    customer = a_reader()
    ids = [a_notification(customer) for _ in range(3)]
    token = token_of(customer)
    first = graphql(INBOX, token=token, n=2).content["data"]["getUserNotifications"]
    cursor = first["pageInfo"]["endCursor"]
    assert cursor == first["edges"][-1]["cursor"]
    rest = graphql(INBOX, token=token, a=cursor).content["data"]["getUserNotifications"]
    assert [node["id"] for page in (first, rest) for node in page["nodes"]] == ids[::-1]
    assert rest["pageInfo"]["hasPreviousPage"] is True


def test_inbox_of_another_is_forbidden_except_to_operators() -> None:
    owner = a_reader()
    a_notification(owner)
    assert code(graphql(INBOX, token=token_of(a_person()), u=owner.user_id)) == "FORBIDDEN"
    operator = graphql(INBOX, token=token_of(a_person(Role.OPERATOR)), u=owner.user_id)
    assert operator.content["data"]["getUserNotifications"]["totalCount"] == 1


def test_notification_of_another_is_not_found_and_stays_unread() -> None:
    notification_id = a_notification(a_reader())
    answer = graphql(MARK_READ, token=token_of(a_person()), i=notification_id)
    assert code(answer) == "NOT_FOUND"
    assert Notification.objects.get(pk=notification_id).read_at is None


# ---------------------------------------------------------------------------- tokens


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_JSON])
def test_invalid_token_stops_the_whole_request(accept: str) -> None:
    email = an_address()
    person = {"email": email, "password": PASSWORD, "name": "Ada"}
    answer = graphql(REGISTER, token="nonsense", headers={"accept": accept}, i=person)
    assert (answer.status, answer.code) == (401, "UNAUTHENTICATED")
    assert User.objects.count() == 0


def test_text_that_is_not_unicode_is_bad_input() -> None:
    body = json.dumps({"query": GET_ORDER, "variables": {"i": "\ud800"}})
    headers = {"authorization": f"Bearer {token_of(a_person(Role.ADMIN))}"}
    answer = send(body=body, headers=headers)
    assert answer.code in {"BAD_USER_INPUT", "NOT_FOUND"}
    answer.text.encode()
