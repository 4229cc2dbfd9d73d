"""A person with data in every domain."""

import json
from typing import Final, NamedTuple

from tests.integration.builders import a_product, an_order
from tests.integration.monitoring.builders import a_dead_letter
from tests.integration.notifications.builders import some_content
from tests.integration.recommendations.builders import buys, learn_all, looks_at
from tests.integration.users.people import as_principal, registered, sign_in
from tests.integration.vouchers.builders import a_voucher
from tidings.delivery import status
from tidings.delivery.models import PushEndpoint
from tidings.delivery.unsubscribe import unsubscribe
from tidings.delivery.unsubscribe_links import unsubscribe_url
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.notifications.creating import create_notifications
from tidings.notifications.schemas import SendNotification
from tidings.notifications.send_api import send_notification
from tidings.orders.models import Order
from tidings.orders.operations import cancel_order
from tidings.orders.schemas import CancelOrder
from tidings.platform.messaging.dead_letters import DeadLetter
from tidings.platform.security.auth import Principal, Role
from tidings.platform.timing.clock import new_id
from tidings.recommendations.lists import compute_list
from tidings.recommendations.models import CustomerProfile
from tidings.recommendations.queries import get_user_recommendations
from tidings.tasks.operations import create_task
from tidings.tasks.schemas import CreateTask
from tidings.users.contact_points import SetContactPoints, set_contact_points
from tidings.users.models import User
from tidings.users.push_platforms import PushPlatform
from tidings.users.push_tokens import register_push_token
from tidings.users.schemas import RegisterPushToken

NAME: Final = "Wilhelmina Quist"
ADDRESS: Final = "wilhelmina@quist.example"
PHONE: Final = "+46701234567"
WEBHOOK: Final = "https://hooks.quist.example/in"
TOKEN: Final = "a-token-of-wilhelminas-phone"
ARN: Final = "arn:aws:sns:us-east-1:000000000000:endpoint/APNS/tidings/one"
WORDS: Final = "because my cat is ill"
OPERATOR: Final = Principal(user_id="0" * 24, role=Role.OPERATOR)


class Person(NamedTuple):
    """A person, and the texts that must not be found after the erasure."""

    principal: Principal
    traces: tuple[str, ...]
    order_id: str


def with_something_of_everything() -> Person:
    user = registered(NAME, ADDRESS)
    person = as_principal(user)
    sign_in(ADDRESS)
    _results(person)
    order_id = _shop(person)
    _create(person)
    _fail(person)
    traces = (ADDRESS, NAME, PHONE, WEBHOOK, TOKEN, WORDS, ARN, "quist", "Wilhelmina")
    return Person(person, traces, order_id)


def failed(person: Principal, event_type: str, queue: str, **data: str) -> DeadLetter:
    """Return a message about a person that a consumer could not handle."""
    body = {
        "specversion": "1.0",
        "id": new_id(),
        "source": f"tidings/{event_type.split('.')[0]}s",
        "type": event_type,
        "time": "2026-11-20T09:15:00Z",
        "subject": person.user_id,
        "data": {"customer_id": person.user_id, "user_id": person.user_id, **data},
    }
    encoded = json.dumps(body).encode()
    return a_dead_letter(
        routing_key=queue, type=event_type, body=encoded, error=f"Refused: 550 <{ADDRESS}>"
    )


def _results(person: Principal) -> None:
    points = SetContactPoints(phone=PHONE, webhook_url=WEBHOOK)
    set_contact_points(person.user_id, points, caller=person)
    new = RegisterPushToken(platform=PushPlatform.IOS, token=TOKEN, device=f"{NAME}'s phone")
    register_push_token(person.user_id, new, caller=person)
    PushEndpoint(id=new_id(), arn=ARN, user_id=person.user_id).save()


def _shop(person: Principal) -> str:
    pen, mug = a_product(title="Pen"), a_product(title="Mug")
    order = an_order(pen, customer=person)
    Order.objects(pk=order.id).update_one(set__idempotency_key=f"{NAME}-1")
    cancel_order(order.id, CancelOrder(reason=WORDS), caller=person)
    Order.objects(pk=order.id).update_one(set__outbox=[])  # the event was published
    a_voucher(name=f"Sorry, {NAME}", reach="customer", customer_id=person.user_id)
    buys(person, mug)
    learn_all()
    compute_list(person.user_id)
    get_user_recommendations(person.user_id, 10, caller=person)
    looks_at(person, pen)
    create_task(CreateTask(title=f"Call {NAME}"), caller=person)
    assert CustomerProfile.objects(pk=person.user_id)
    return order.id


def _create(person: Principal) -> None:
    User.objects(pk=person.user_id).update_one(set__verified_at=User.objects.first().created_at)
    told = create_notifications([person.user_id], some_content())[person.user_id]
    status.status_of(told.notification_id)
    unsubscribe(
        unsubscribe_url(person.user_id, "promotions", told.notification_id).rsplit("/", 1)[1]
    )
    send = {
        "notification_type": "email",
        "user_id": person.user_id,
        "template_code": "order_confirmed",
        "variables": {"order_id": NAME},
        "metadata": {"for": ADDRESS},
        "request_id": "request-of-wilhelmina",
    }
    send_notification(SendNotification.model_validate(send), caller=OPERATOR)


def _fail(person: Principal) -> None:
    code = {"verification_code": "12345678", "code_expires_at": "2026-11-20T09:15:00Z"}
    body = {"garbage": NAME, "for": person.user_id, "to": ADDRESS}
    store_failed_messages(
        [
            failed(person, "user.registered", "notifications", **code),
            failed(person, "order.cancelled", "inventory", order_id=new_id(), reason=WORDS),
            a_dead_letter(body=json.dumps(body).encode()),
        ]
    )
