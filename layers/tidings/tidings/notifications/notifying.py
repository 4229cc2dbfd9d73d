"""The operations that handle events for notifications."""

from collections.abc import Sequence
from typing import Final

from tidings.delivery import changes, states, tracking
from tidings.delivery.events import NotificationDelivered, NotificationFailed
from tidings.notifications import following
from tidings.notifications.creating import (
    MAX_RECIPIENTS,
    Addressed,
    create_notifications,
    create_personal_notifications,
)
from tidings.notifications.erasure import forget
from tidings.notifications.rules import RULES, SILENT, Rule
from tidings.platform.logging import logger
from tidings.platform.messaging.events import Event, handling
from tidings.products.events import ProductBackInStock, ProductPriceDropped
from tidings.users import persons
from tidings.users.events import (
    UserDeleted,
    UserPreferencesUpdated,
    UserRoleChanged,
    UserVerified,
)

# Their subject is the person whose account has changed.
CHANGES_OF_PERSONS: Final = (UserPreferencesUpdated, UserVerified, UserRoleChanged, UserDeleted)

# The preference that people withdraw to be forgotten.
TRACKING: Final = "tracking"


def notify(event: Event) -> None:
    """Send the notifications of an event, once to each person in its audience.

    A provider's report about a message is recorded with its delivery. The data of a person who
    deleted their account is erased, and so are opens and clicks of a person who no longer agrees to
    them.
    """
    match event:
        case NotificationDelivered(data=data):
            changes.record(
                data.notification_id,
                data.channel,
                states.ARRIVE,
                at=data.at,
                provider=data.provider,
            )
        case NotificationFailed(data=data) if data.provider_message_id is not None:
            changes.record(
                data.notification_id,
                data.channel,
                states.RETURN,
                data.reason,
                at=data.at,
                provider=data.provider,
            )
        case NotificationFailed():
            pass  # the delivery has failed already: the event was stored with that change
        case UserPreferencesUpdated(data=data) if TRACKING in data.changed:
            persons.forget([data.user_id])
            tracking.follow_consent(data.user_id, event.time)
        case UserDeleted(data=data):
            persons.forget([data.user_id])
            forget(data.user_id)
        case ProductBackInStock() | ProductPriceDropped():
            following.begin(event)
        case _ if type(event) not in SILENT:
            _create(event, RULES[type(event)])


def notify_together(events: Sequence[Event]) -> list[Event]:
    """Send the notifications of many events, with the database commands of one.

    Returns:
        The events that it left to `notify`: those that have no single recipient, those that change
        the consent to tracking, and those whose message cannot be rendered.
    """
    # The change itself has deleted the copies, unless its process died after the write.
    persons.forget(each.subject for each in events if isinstance(each, CHANGES_OF_PERSONS))
    addressed, left = [], []
    for event in events:
        rule = RULES.get(type(event))
        if _is_single(event, rule):
            left.append(event)
        elif rule and (people := rule.audience(event)):
            addressed += [Addressed(each, rule.content(event), event) for each in people]
        else:
            with handling(event):
                logger.info("notification skipped: event has no recipient")
    return [*left, *create_personal_notifications(addressed)]


def _is_single(event: Event, rule: Rule | None) -> bool:
    """Say whether `notify` handles an event alone."""
    if isinstance(event, UserPreferencesUpdated):
        return TRACKING in event.data.changed
    return rule is None or not rule.is_personal


def _create(event: Event, rule: Rule) -> None:
    audience = rule.audience(event)
    for start in range(0, len(audience), MAX_RECIPIENTS):
        create_notifications(
            audience[start : start + MAX_RECIPIENTS],
            rule.content(event),
            one_of_many=len(audience) > MAX_RECIPIENTS,
        )
