"""Decide whether and when a person gets a message through a channel."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from tidings.delivery.frequency_rules import Kind, unread_wait
from tidings.delivery.hours import next_digest, quiet_until
from tidings.delivery.models import Channel, DeliveryStatus, Notification, Priority
from tidings.users.contacts import Contact
from tidings.users.preferences import Channels, Digest

# Not a `Channel`: the inbox is ours and needs no delivery.
INBOX: Final = "inbox"

# Reasons in the history of a delivery.
NO_ACCOUNT: Final = "no account"
SWITCHED_OFF: Final = "preferences"
NOT_VERIFIED: Final = "address not verified"
PHONE_NOT_VERIFIED: Final = "phone not verified"
NO_ADDRESS: Final = "no address"
NOT_FOR_CODES: Final = "codes go by another channel"
SEND_AT: Final = "send_at"
QUIET_HOURS: Final = "quiet_hours"
DIGEST: Final = "digest"
TOO_OLD: Final = "too old"
EXPIRED: Final = "code expired"
VOID: Final = "code void"
NUMBER_CHANGED: Final = "number changed"
RETRACTED: Final = "retracted"
UNREAD: Final = "unread"
READ_IN_INBOX: Final = "read_in_inbox"

# A message that could not be sent within this time is out of date.
TOO_OLD_AFTER: Final = timedelta(hours=48)

# For categories without a preference, such as news about the account itself.
NO_PREFERENCE: Final = Channels(inbox=True, email=True, push=True)
ACCOUNT: Final = "account"
# A code sent here proves that its reader owns the address or the phone. Other channels may have
# other readers.
CODE_CHANNELS: Final = frozenset({Channel.EMAIL, Channel.SMS})
WAKES_PEOPLE: Final = frozenset({Channel.EMAIL, Channel.PUSH, Channel.SMS})


class Terms(Kind, Protocol):
    """The fields that decisions depend on, of a `NotificationContent` or of a `Notification`."""

    @property
    def priority(self) -> str: ...


class Decision(NamedTuple):
    status: DeliveryStatus
    reason: str | None = None
    due_at: datetime | None = None


def decide(
    channel: Channel, terms: Terms, contact: Contact | None, at: datetime, *, digest: bool = True
) -> Decision:
    """Decide whether a message is sent now, later or never; called again before it is sent.

    With `digest=False` it is sent alone: its digest is due, or it was queued before.
    """
    if reason := _refusal(channel, terms, contact):
        return Decision(DeliveryStatus.SUPPRESSED, reason)
    assert contact is not None
    if digest and channel is Channel.EMAIL and _can_wait(terms, contact):
        due_at = next_digest(contact.preferences, at)
        return Decision(DeliveryStatus.SCHEDULED, DIGEST, due_at)
    return _now_or_after_quiet_hours(channel, terms, contact, at)


def decide_now(
    channel: Channel,
    notification: Notification,
    contact: Contact | None,
    suppression: str | None,
    at: datetime,
) -> Decision:
    """Decide whether a queued message is still sent, right before that.

    Args:
        suppression: the reason why the person's address gets no mail.
    """
    reason = _refusal(channel, notification, contact) or _too_late(channel, notification, at)
    reason = reason or seen_instead(channel, notification)
    if notification.retracted_at is not None:
        reason = RETRACTED
    if reason is not None or contact is None:
        return Decision(DeliveryStatus.SUPPRESSED, reason)
    if _is_for_another_number(channel, notification, contact):
        return Decision(DeliveryStatus.SUPPRESSED, NUMBER_CHANGED)
    decision = _now_or_after_quiet_hours(channel, notification, contact, at)
    if decision.status == DeliveryStatus.QUEUED and channel is Channel.EMAIL and suppression:
        return Decision(DeliveryStatus.SUPPRESSED, suppression)
    return decision


def after_unread(decision: Decision, terms: Terms, shown_at: datetime) -> Decision | None:
    """Return the decision about a mail that waits for its reader to see the inbox first.

    None if it does not wait, or goes into a digest.

    Args:
        decision: the decision without that wait.
        shown_at: when the inbox has the message.
    """
    if decision.status not in {DeliveryStatus.QUEUED, DeliveryStatus.SCHEDULED}:
        return None
    wait = unread_wait(terms)
    if wait is None or decision.reason == DIGEST or terms.priority == Priority.URGENT:
        return None
    until = shown_at + wait
    if decision.due_at is not None and decision.due_at >= until:
        return decision
    return Decision(DeliveryStatus.SCHEDULED, UNREAD, until)


def seen_instead(channel: Channel, notification: Notification) -> str | None:
    """Return the reason if a message is not sent because its reader saw it in the inbox.

    Who archived or deleted it there has seen it, too.
    """
    delivery = notification.deliveries[channel.value]
    # A push that a changed text sends again.
    is_again = channel is Channel.PUSH and delivery.provider_message_id is not None
    is_optional = delivery.if_unread or is_again
    return READ_IN_INBOX if is_optional and was_seen(notification) else None


def was_seen(notification: Notification) -> bool:
    """Say whether its reader has read, archived or deleted a message in the inbox."""
    inbox = notification.deliveries.get(INBOX)
    is_there = inbox is not None and inbox.status == DeliveryStatus.DELIVERED
    is_deleted = is_there and not notification.in_inbox
    return notification.read_at is not None or notification.archived_at is not None or is_deleted


def _now_or_after_quiet_hours(
    channel: Channel, terms: Terms, contact: Contact, at: datetime
) -> Decision:
    if channel not in WAKES_PEOPLE or terms.carries_code or _may_wake(terms):
        return Decision(DeliveryStatus.QUEUED)
    until = quiet_until(contact.preferences, at)
    if until is None:
        return Decision(DeliveryStatus.QUEUED)
    return Decision(DeliveryStatus.SCHEDULED, QUIET_HOURS, until)


def _too_late(channel: Channel, notification: Notification, at: datetime) -> str | None:
    if notification.carries_code and not notification.variables:
        return VOID
    expires_at = notification.variables.get("code_expires_at")
    if isinstance(expires_at, str) and datetime.fromisoformat(expires_at) <= at:
        return EXPIRED
    due_at = notification.deliveries[channel.value].due_at or notification.created_at
    due_at = max(due_at, notification.updated_at or due_at)
    return TOO_OLD if at - due_at > TOO_OLD_AFTER else None


def _is_for_another_number(channel: Channel, notification: Notification, contact: Contact) -> bool:
    """Say whether a code for a number would go to another number, or was replaced."""
    if channel is not Channel.SMS or not notification.carries_code:
        return False
    return bool(notification.variables.get("check") != contact.phone_check)


def _may_wake(terms: Terms) -> bool:
    """Say whether a message may be sent in quiet hours.

    Only urgent transactional news of the account itself may, such as a break-in. A message of a
    category with a preference may not, even if its sender calls it urgent.
    """
    urgent = terms.priority == Priority.URGENT and terms.transactional
    return urgent and terms.category == ACCOUNT


def wished_channels(terms: Terms, contact: Contact) -> frozenset[str]:
    """Return the channels of a message that names none.

    These are the inbox, email and push, and the other channels that the person switched on.
    """
    chosen = _chosen(terms, contact)
    extra = {each.value for each in (Channel.SMS, Channel.WEBHOOK) if getattr(chosen, each.value)}
    return frozenset({INBOX, Channel.EMAIL.value, Channel.PUSH.value, *extra})


def reaches_inbox(terms: Terms, contact: Contact) -> bool:
    """Say whether the inbox accepts it; people cannot switch off transactional ones there."""
    return terms.transactional or _chosen(terms, contact).inbox


def _refusal(channel: Channel, terms: Terms, contact: Contact | None) -> str | None:
    if contact is None:
        return NO_ACCOUNT
    if terms.carries_code and channel not in CODE_CHANNELS:
        return NOT_FOR_CODES
    # The person has just asked for the code, so preferences do not apply.
    if not terms.carries_code and not getattr(_chosen(terms, contact), channel.value, True):
        return SWITCHED_OFF
    # A registration does not prove who owns the address, so its owner must not get other messages
    # of the account.
    brings_code = terms.carries_code and channel is Channel.EMAIL
    if not (contact.email_verified or brings_code):
        return NOT_VERIFIED
    if not _reachable(channel, contact):
        return NO_ADDRESS
    if channel is Channel.SMS and not (contact.phone_verified or terms.carries_code):
        return PHONE_NOT_VERIFIED
    return None


def _reachable(channel: Channel, contact: Contact) -> bool:
    match channel:
        case Channel.EMAIL:
            return bool(contact.email)
        case Channel.PUSH:
            return bool(contact.devices)
        case Channel.SMS:
            return contact.phone is not None
        case Channel.WEBHOOK:
            return contact.webhook_url is not None


def _chosen(terms: Terms, contact: Contact) -> Channels:
    chosen: Channels = getattr(contact.preferences, terms.category, NO_PREFERENCE)
    return chosen if isinstance(chosen, Channels) else NO_PREFERENCE


def _can_wait(terms: Terms, contact: Contact) -> bool:
    if terms.carries_code or terms.transactional or terms.priority == Priority.URGENT:
        return False
    # A digest is sent to the person, so it must not list a message that never leaves.
    if terms.simulated:
        return False
    return contact.preferences.digest is not Digest.OFF
