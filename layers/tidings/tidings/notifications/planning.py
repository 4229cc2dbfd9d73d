"""Whether, and when, a person is told something through a channel."""

from datetime import datetime
from typing import Final, NamedTuple, Protocol

from tidings.notifications.hours import next_digest, quiet_until
from tidings.notifications.models import Channel, DeliveryStatus, Priority
from tidings.users.contact_points import Contact
from tidings.users.preferences import Channels, Digest

# Beside the `Channel`s: it is ours, and needs no delivery.
INBOX: Final = "inbox"

# The reasons that a delivery's story gives.
NO_ACCOUNT: Final = "no account"
SWITCHED_OFF: Final = "preferences"
NOT_VERIFIED: Final = "address not verified"
NO_ADDRESS: Final = "no address"
SEND_AT: Final = "send_at"
QUIET_HOURS: Final = "quiet_hours"
DIGEST: Final = "digest"

# What is not one of a person's preferences, such as news of the account itself.
NO_PREFERENCE: Final = Channels(inbox=True, email=True, push=True)
ACCOUNT: Final = "account"
WAKES_PEOPLE: Final = frozenset({Channel.EMAIL, Channel.PUSH, Channel.SMS})


class Terms(Protocol):
    """What is asked of something that is told: of a `Telling`, and of a `Notification`."""

    @property
    def category(self) -> str: ...
    @property
    def transactional(self) -> bool: ...
    @property
    def carries_code(self) -> bool: ...
    @property
    def priority(self) -> str: ...


class Decision(NamedTuple):
    status: DeliveryStatus
    reason: str | None = None
    due_at: datetime | None = None


def decide(
    channel: Channel, terms: Terms, contact: Contact | None, at: datetime, *, digest: bool = True
) -> Decision:
    """Say whether a message goes now, later or never; asked anew before it is sent.

    Without `digest` it goes alone: its digest has come, or it was on its way before.
    """
    if reason := _refusal(channel, terms, contact):
        return Decision(DeliveryStatus.SUPPRESSED, reason)
    assert contact is not None
    if terms.carries_code:
        return Decision(DeliveryStatus.QUEUED)
    if digest and channel is Channel.EMAIL and _can_wait(terms, contact):
        due_at = next_digest(contact.preferences, at)
        return Decision(DeliveryStatus.SCHEDULED, DIGEST, due_at)
    if (
        channel in WAKES_PEOPLE
        and not _may_wake(terms)
        and (until := quiet_until(contact.preferences, at))
    ):
        return Decision(DeliveryStatus.SCHEDULED, QUIET_HOURS, until)
    return Decision(DeliveryStatus.QUEUED)


def _may_wake(terms: Terms) -> bool:
    """Say whether quiet hours let it pass: what concerns the account itself and is urgent, such
    as a break-in. Nothing that a person has a preference for does, whoever calls it urgent."""
    urgent = terms.priority == Priority.URGENT and terms.transactional
    return urgent and terms.category == ACCOUNT


def wished_channels(terms: Terms, contact: Contact) -> frozenset[str]:
    """Return where something goes that names no channels: to the inbox, by email and push,
    and by what else the person switched on."""
    chosen = _chosen(terms, contact)
    extra = {each.value for each in (Channel.SMS, Channel.WEBHOOK) if getattr(chosen, each.value)}
    return frozenset({INBOX, Channel.EMAIL.value, Channel.PUSH.value, *extra})


def reaches_inbox(terms: Terms, contact: Contact) -> bool:
    """Say whether the inbox takes it: transactional notices cannot be switched off there."""
    return terms.transactional or _chosen(terms, contact).inbox


def _refusal(channel: Channel, terms: Terms, contact: Contact | None) -> str | None:
    if contact is None:
        return NO_ACCOUNT
    if not getattr(_chosen(terms, contact), channel.value, True):
        return SWITCHED_OFF
    if channel is Channel.EMAIL and not (contact.email_verified or terms.carries_code):
        return NOT_VERIFIED
    return None if _reachable(channel, contact) else NO_ADDRESS


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
    has_digest = contact.preferences.digest is not Digest.OFF
    return has_digest and not terms.transactional and terms.priority != Priority.URGENT
