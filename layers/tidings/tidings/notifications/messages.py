"""From a notification to the message that a provider gets: worded and addressed as of now."""

from tidings.delivery.schemas import Address, Device, OutgoingMessage
from tidings.delivery.unsubscribe import CATEGORIES, unsubscribe_url
from tidings.notifications.errors import NothingToSay
from tidings.notifications.models import Channel, Notification
from tidings.notifications.words import NO_WORDS, Words, words_for
from tidings.users.contact_points import Contact


def message_for(notification: Notification, channel: Channel, contact: Contact) -> OutgoingMessage:
    """Return the message, in the words of the version that the notification was made with.

    Raises:
        TidingsError: the template has no words for this channel, or the variables do not fit.
    """
    link = None
    if channel is Channel.EMAIL and notification.category in CATEGORIES:
        link = unsubscribe_url(contact.user_id, notification.category, notification.id)
    words = Words(notification.template_code, notification.template_version)
    rendered = words.for_person(contact, notification.variables, unsubscribe_url=link)
    part = words_for(channel, rendered)
    if part == NO_WORDS:
        raise NothingToSay
    return OutgoingMessage(
        notification_id=notification.id,
        channel=channel.value,
        user_id=contact.user_id,
        kind=notification.kind,
        category=notification.category,
        address=_address(contact),
        rendered=part,
        data={
            "notification_id": notification.id,
            "kind": notification.kind,
            "subject_id": notification.subject_id,
        },
        correlation_id=notification.correlation_id,
        unsubscribe_url=link,
    )


def _address(contact: Contact) -> Address:
    devices = tuple(Device(platform=each.platform, token=each.token) for each in contact.devices)
    return Address(
        email=contact.email,
        name=contact.name,
        devices=devices,
        phone=contact.phone,
        webhook_url=contact.webhook_url,
        webhook_id=contact.webhook_id,
    )
