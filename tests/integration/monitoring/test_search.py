"""An id is found, whatever it is the id of."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.integration.builders import Queues, a_person, a_product, a_reader, an_order
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter
from tests.integration.notifications.builders import confirmed, some_content, the_notification
from tidings.monitoring import searching
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.searching import SearchQuery, SearchResult, search
from tidings.notifications.creating import create_notifications
from tidings.notifications.notifying import notify
from tidings.orders.models import Order
from tidings.platform.context import correlated
from tidings.platform.errors import Forbidden
from tidings.platform.messaging.outbox import take_stored
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_event_id, new_id
from tidings.tasks.operations import create_task
from tidings.tasks.schemas import CreateTask
from tidings.users.operations import delete_account


def found(text: str) -> SearchResult:
    return search(SearchQuery(text=text), caller=OPERATOR)


def things(text: str) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.id, each.by.value) for each in found(text).found]


def test_each_kind_is_found_by_its_id() -> None:
    ada = a_reader()
    order = an_order(customer=ada)
    create_notifications([ada.user_id], some_content())
    letter = a_dead_letter()
    store_failed_messages([letter])
    task = create_task(CreateTask(title="Call Ada"), caller=ada)
    product = a_product()
    take_stored()
    ids = {
        "order": order.id,
        "notification": the_notification(ada).id,
        "failed_message": letter.key,
        "person": ada.user_id,
        "task": task.id,
        "product": product.id,
    }
    assert {kind: things(id_) for kind, id_ in ids.items()} == {
        kind: [(kind, id_, "id")] for kind, id_ in ids.items()
    }


def test_request_leads_to_all_that_it_caused() -> None:
    request = new_event_id()
    ada = a_reader()
    with correlated(request):
        order = an_order(customer=ada)
        notify(confirmed(ada).model_copy(update={"correlationid": request}))
    take_stored()
    letter = a_dead_letter(correlation_id=request)
    store_failed_messages([letter])
    assert things(request) == [
        ("order", order.id, "correlation_id"),
        ("notification", the_notification(ada).id, "correlation_id"),
        ("failed_message", letter.key, "correlation_id"),
    ]
    (first, *_) = found(f" {request} ").found
    assert first.correlation_id == request
    assert (first.about, first.path) == ("placed", f"/api/v1/orders/{order.id}/explanation")


def test_event_leads_to_its_notifications_and_its_failed_message() -> None:
    ada = a_reader()
    event = confirmed(ada)
    notify(event)
    take_stored()
    letter = a_dead_letter(message_id=event.id)
    store_failed_messages([letter])
    assert things(event.id) == [
        ("failed_message", letter.key, "event_id"),
        ("notification", the_notification(ada).id, "event_id"),
    ]
    assert found(event.id).found[0].path.endswith(f"?message_id={event.id}")


@pytest.mark.parametrize(
    "text",
    [new_id(), new_event_id(), "request-1", "a:b+c"],
    ids=["document", "event", "request", "correlation"],  # the same in each process of pytest
)
def test_id_of_nothing_finds_nothing(text: str) -> None:
    assert found(text) == SearchResult(found=[], is_more=False)


def test_deleted_person_is_not_found() -> None:
    ada = a_reader()
    delete_account(ada.user_id, caller=ada)
    take_stored()
    assert things(ada.user_id) == []


@pytest.mark.parametrize("text", ["", " ", "ada@example.com", "a" * 201, "a b", "é", "$where", "*"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        SearchQuery(text=text)


def test_customer_may_not_search() -> None:
    with pytest.raises(Forbidden):
        search(SearchQuery(text=new_id()), caller=a_person(Role.CUSTOMER))


def test_result_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "FOUND_AT_MOST", 3)
    store_failed_messages([a_dead_letter(correlation_id="request-7") for _ in range(4)])
    result = found("request-7")
    assert (len(result.found), result.is_more) == (3, True)


def test_number_of_commands_does_not_grow(queues: Queues, commands: list[str]) -> None:
    request = new_event_id()
    with correlated(request):
        for _ in range(10):
            an_order()
    take_stored()
    counted: dict[str, Any] = {}
    for text in (request, new_event_id(), str(Order.objects.first().id), new_id()):
        commands.clear()
        found(text)
        counted[text] = list(commands)
    numbers = [len(each) for each in counted.values()]
    assert numbers == [5, 5, 12, 12]
