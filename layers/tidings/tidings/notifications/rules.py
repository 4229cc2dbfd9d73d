"""The notification that each event sends, and its recipients: one row per event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.delivery.models import Channel, Priority
from tidings.delivery.planning import INBOX
from tidings.notifications.drafting import NotificationContent
from tidings.orders.events import (
    BasketLeft,
    OrderCancelled,
    OrderConfirmed,
    OrderRejected,
    OrderStatusChanged,
    OrderStatusDue,
)
from tidings.platform.messaging.events import Event
from tidings.products.events import (
    ProductBackInStock,
    ProductOutOfStock,
    ProductPriceDropped,
    StockNoticeRequested,
)
from tidings.recommendations.events import RecommendationGenerated
from tidings.tasks.events import TaskCreated, TaskDeleted, TaskDue, TaskUpdated
from tidings.users.audience import operator_ids
from tidings.users.events import (
    UserDeleted,
    UserPasswordResetRequested,
    UserPhoneVerificationRequested,
    UserPreferencesUpdated,
    UserRegistered,
    UserRoleChanged,
    UserVerificationRequested,
    UserVerified,
)

Audience = Callable[[Any], list[str]]


@dataclass(frozen=True)
class Rule:
    """The notification that an event sends, its audience and its channels.

    The template contains the text; its variables are the event's data. `audience` returns the user
    ids, which may be empty. Without `channels` the notification goes to the channels that each
    person chose for the category.
    """

    kind: str
    category: str
    template: str
    audience: Audience
    channels: frozenset[str] | None = None
    # It always reaches the inbox, and never waits for a digest.
    transactional: bool = False
    # It contains a one-time code.
    carries_code: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether an event names its recipient, so that its audience is one person at most."""
        return self.audience not in {_operators, _in_chunks}

    def content(self, event: Event) -> NotificationContent:
        """Return the content for an event."""
        return NotificationContent(
            kind=self.kind,
            category=self.category,
            template_code=self.template,
            variables=event.data.model_dump(mode="json"),
            subject_id=event.subject,
            dedupe=event.id,
            event_id=event.id,
            correlation_id=event.correlationid,
            channels=self.channels,
            priority=Priority.URGENT if self.carries_code else Priority.NORMAL,
            transactional=self.transactional,
            carries_code=self.carries_code,
        )


def _customer(
    event: OrderConfirmed
    | OrderRejected
    | OrderCancelled
    | OrderStatusChanged
    | OrderStatusDue
    | BasketLeft,
) -> list[str]:
    return [event.data.customer_id]


def _account(
    event: UserRegistered
    | UserVerificationRequested
    | UserVerified
    | UserPasswordResetRequested
    | UserRoleChanged
    | UserPhoneVerificationRequested
    | RecommendationGenerated
    | StockNoticeRequested,
) -> list[str]:
    return [event.data.user_id]


def _assignee_unless_actor(event: TaskCreated | TaskDeleted) -> list[str]:
    """Return the assignee, unless they made the change themselves."""
    assignee = event.data.assignee_id
    return [assignee] if assignee and assignee != event.data.actor_id else []


def _new_assignee(event: TaskUpdated) -> list[str]:
    assignee, actor = event.data.assignee_id, event.data.actor_id
    is_new = "assignee_id" in event.data.changed
    return [assignee] if is_new and assignee and assignee != actor else []


def _who_does_it(event: TaskDue) -> list[str]:
    return [event.data.assignee_id or event.data.owner_id]


def _operators(_: Event) -> list[str]:
    return operator_ids()


def _in_chunks(_: ProductBackInStock | ProductPriceDropped) -> list[str]:
    """Return an empty audience: followers are notified chunk by chunk (telling.py)."""
    return []


INBOX_AND_EMAIL: Final = frozenset({INBOX, Channel.EMAIL.value})
# A reader of the inbox is signed in, but has not proven to own the address.
EMAIL_ONLY: Final = frozenset({Channel.EMAIL.value})
SMS_ONLY: Final = frozenset({Channel.SMS.value})

RULES: Final[dict[type[Event], Rule]] = {
    OrderConfirmed: Rule(
        "order.confirmed", "orders", "order_confirmed", _customer, transactional=True
    ),
    OrderRejected: Rule(
        "order.rejected", "orders", "order_rejected", _customer, transactional=True
    ),
    OrderCancelled: Rule(
        "order.cancelled", "orders", "order_cancelled", _customer, transactional=True
    ),
    OrderStatusChanged: Rule(
        "order.status_changed", "orders", "order_status_changed", _customer, transactional=True
    ),
    OrderStatusDue: Rule("order.status_update", "orders", "order_status_update", _customer),
    BasketLeft: Rule("basket.left", "promotions", "basket_reminder", _customer),
    UserRegistered: Rule(
        "user.registered",
        "account",
        "user_registered",
        _account,
        channels=EMAIL_ONLY,
        transactional=True,
        carries_code=True,
    ),
    UserVerificationRequested: Rule(
        "user.verification_requested",
        "account",
        "user_registered",
        _account,
        channels=EMAIL_ONLY,
        transactional=True,
        carries_code=True,
    ),
    UserPasswordResetRequested: Rule(
        "user.password_reset_requested",
        "account",
        "password_reset",
        _account,
        channels=EMAIL_ONLY,
        transactional=True,
        carries_code=True,
    ),
    UserPhoneVerificationRequested: Rule(
        "user.phone_verification_requested",
        "account",
        "phone_verification",
        _account,
        channels=SMS_ONLY,
        transactional=True,
        carries_code=True,
    ),
    UserVerified: Rule(
        "user.verified",
        "account",
        "user_verified",
        _account,
        channels=INBOX_AND_EMAIL,
        transactional=True,
    ),
    UserRoleChanged: Rule(
        "user.role_changed",
        "account",
        "role_changed",
        _account,
        channels=INBOX_AND_EMAIL,
        transactional=True,
    ),
    TaskCreated: Rule("task.assigned", "tasks", "task_assigned", _assignee_unless_actor),
    TaskUpdated: Rule("task.reassigned", "tasks", "task_reassigned", _new_assignee),
    TaskDeleted: Rule("task.deleted", "tasks", "task_deleted", _assignee_unless_actor),
    TaskDue: Rule("task.due", "tasks", "task_due", _who_does_it),
    ProductOutOfStock: Rule("product.out_of_stock", "stock", "product_out_of_stock", _operators),
    ProductBackInStock: Rule("product.back_in_stock", "stock", "product_back_in_stock", _in_chunks),
    ProductPriceDropped: Rule(
        "product.price_dropped", "stock", "product_price_dropped", _in_chunks
    ),
    StockNoticeRequested: Rule(
        "stock.notice_requested",
        "account",
        "stock_confirmation",
        _account,
        channels=EMAIL_ONLY,
        transactional=True,
    ),
    RecommendationGenerated: Rule(
        "recommendation.generated", "recommendations", "recommendations", _account
    ),
}

# Events without a notification: the person caused them, or is deleted, or they are about a message.
SILENT: Final[frozenset[type[Event]]] = frozenset(
    {UserPreferencesUpdated, UserDeleted, NotificationDelivered, NotificationFailed}
)

# The events of the queue `notifications`. The daily order status has a queue of its own.
HEARD: Final = tuple(each for each in (*RULES, *SILENT) if each is not OrderStatusDue)
