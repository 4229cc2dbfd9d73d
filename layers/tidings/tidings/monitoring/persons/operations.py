"""The operation that finds a person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from tidings.delivery import frequency
from tidings.delivery.operations import suppression_of
from tidings.monitoring.errors import PersonNotNamed
from tidings.monitoring.explaining.notifications import explained, latest_notifications
from tidings.monitoring.explaining.schemas import ExplanationNote
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.persons.outlook import USUAL, outlook_for
from tidings.monitoring.persons.schemas import FindPerson, FoundPerson, PersonFailure, PersonOrder
from tidings.monitoring.persons.templates import Tried, messages_for
from tidings.orders.queries import latest_orders
from tidings.platform import acts
from tidings.platform.auditing.recording import Recording
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.rows import rows
from tidings.platform.text.masking import masked_address, masked_phone, masked_text
from tidings.platform.timing.clock import now
from tidings.recommendations.announcing import is_wanted, pause_ends
from tidings.users.contacts import Contact, get_contacts
from tidings.users.errors import UserNotFound
from tidings.users.queries import accounts_with

NOTIFICATIONS: Final = 20
ORDERS: Final = 10
FAILED_MESSAGES: Final = 10
ACCOUNTS: Final = 10


@operation(
    role=Role.OPERATOR,
    refuses=(PersonNotNamed, UserNotFound),
    writes=False,
    recording=Recording.ENDED,
)
def find_person(
    wanted: FindPerson, *, caller: Principal, at: datetime | None = None
) -> FoundPerson:
    """Find a person by id, by the whole address or by the whole number, with all that decides mail.

    Of several accounts with a number it returns the newest that verified it, or the newest.

    Raises:
        PersonNotNamed: the input names no person, or in several ways.
        UserNotFound: there is no such account, or it was deleted.
    """
    at = at or now()
    accounts = accounts_with(wanted.id, wanted.email, wanted.phone, at_most=ACCOUNTS)
    if not accounts:
        raise UserNotFound
    user = _chosen(accounts)
    contact = get_contacts([user.id]).get(user.id)
    if contact is None:
        raise UserNotFound
    acts.concerns("user", user.id)
    by = next(name for name in ("id", "email", "phone") if getattr(wanted, name) is not None)
    logger.info("person found", by=caller.user_id, user_id=user.id, found_by=by)
    return _found(user, contact, [each.id for each in accounts if each.id != user.id], at)


def _chosen(accounts: list[Any]) -> Any:
    verified = [each for each in accounts if each.phone_verified]
    return max(verified or accounts, key=lambda each: each.created_at)


def _found(user: Any, contact: Contact, others: list[str], at: datetime) -> FoundPerson:
    suppression = suppression_of(contact.email)
    notifications = latest_notifications(user.id, NOTIFICATIONS)
    tried = messages_for(contact)
    return FoundPerson(
        id=user.id,
        email=masked_address(contact.email),
        email_verified=contact.email_verified,
        phone=masked_phone(contact.phone) if contact.phone else None,
        phone_verified=contact.phone_verified,
        devices=len(contact.devices),
        has_webhook=contact.webhook_url is not None,
        role=user.role,
        created_at=user.created_at,
        preferences=contact.preferences,
        suppression=suppression,
        outlook=outlook_for(
            contact,
            suppression.reason if suppression else None,
            tried.messages,
            at,
            reached=frequency.reached_by(user.id, USUAL, at),
        ),
        notifications=[explained(each) for each in notifications],
        orders=[
            PersonOrder(
                id=each.id,
                state=each.state,
                created_at=each.created_at,
                correlation_id=each.correlation_id,
            )
            for each in latest_orders(user.id, ORDERS)
        ],
        failed_messages=_failures(user.id),
        others=others,
        notes=[*_notes(contact, notifications, at), *_limits(tried)],
    )


def _failures(user_id: str) -> list[PersonFailure]:
    fields = ("queue", "type", "state", "error", "failed_at")
    found = FailedMessage.objects(mentions=user_id).only(*fields)
    return [
        PersonFailure(
            id=each.id,
            queue=each.queue,
            type=each.type,
            state=each.state,
            error=masked_text(each.error),
            failed_at=each.failed_at,
        )
        for each in rows(found.order_by("-failed_at").limit(FAILED_MESSAGES))
    ]


def _limits(tried: Tried) -> Iterator[ExplanationNote]:
    if not tried.complete:
        yield ExplanationNote(
            code="templates_not_tried",
            sentence="There was no time to render all templates: those of some kinds of messages"
            " were not tried.",
        )


def _notes(contact: Contact, notifications: list[Any], at: datetime) -> Iterator[ExplanationNote]:
    """Yield why there may be no notification at all; those that exist tell their own reasons."""
    if not notifications:
        yield ExplanationNote(
            code="no_notification",
            sentence="No notification of the last 180 days is stored. A person with an account gets"
            " one for each event, even if no channel may be used: so no event was about this"
            " person, or its message waits, is retried or failed.",
        )
    ends = pause_ends(contact.user_id, contact.preferences)
    if not is_wanted(contact.preferences):
        yield ExplanationNote(
            code="recommendations_off",
            sentence="Recommendations are switched off on inbox, email and push: their event is not"
            " made, so no notification of them is stored.",
        )
    elif ends is not None and ends > at:
        yield ExplanationNote(
            code="recommendations_pause",
            sentence="The person was notified of recommendations lately; the next notification is"
            f" not made before {ends.isoformat()}.",
        )
