"""Render and address the message that a provider gets from a notification."""

from collections.abc import Mapping
from typing import Any, Final

from tidings.delivery.errors import NothingToSay
from tidings.delivery.models import Channel, Notification
from tidings.delivery.outgoing import Address, Device, OutgoingMessage
from tidings.delivery.outgoing import Rendered as ChannelText
from tidings.delivery.tracking_links import tracked
from tidings.delivery.unsubscribe_links import CATEGORIES, unsubscribe_url
from tidings.templates.content import Rendered
from tidings.users.contacts import Contact

NO_TEXT: Final = ChannelText()
TEST_MARK: Final = "[Test]"
SEEN_FIRST: Final = ("email_subject", "push_title", "inbox_title", "sms_text")


def message_for(
    notification: Notification, channel: Channel, contact: Contact, *, logs: bool = True
) -> OutgoingMessage:
    """Return the message, rendered with the template version that the notification was made with.

    A failure to render is logged unless `logs` is False.

    Raises:
        TidingsError: the template has no content for this channel, or the variables do not fit.
    """
    # Jinja is imported with the first message that is rendered.
    from tidings.templates import rendering

    is_sample = bool(notification.is_sample)
    variables = variables_for(contact, notification.variables)
    if channel is Channel.EMAIL and notification.category in CATEGORIES:
        link = unsubscribe_url(contact.user_id, notification.category, notification.id)
    else:
        link = None
    rendered = rendering.render(
        notification.template_code,
        version=notification.template_version,
        language=notification.language if is_sample else contact.preferences.language,
        # A sample shows the link of the template's samples, which ends no mails.
        variables=variables if is_sample else {**variables, "unsubscribe_url": link},
        logs=logs,
    )
    text = text_for(channel, marked(rendered) if is_sample else rendered)
    if text == NO_TEXT:
        raise NothingToSay
    campaign_id = tracked_campaign(notification, channel, contact, text)
    if campaign_id is not None:
        text = text.model_copy(update={"html": tracked(text.html, notification.id)})
    return OutgoingMessage(
        notification_id=notification.id,
        channel=channel.value,
        user_id=contact.user_id,
        kind=notification.kind,
        category=notification.category,
        address=_address(contact),
        rendered=text,
        data={
            "notification_id": notification.id,
            "kind": notification.kind,
            "subject_id": notification.subject_id,
        },
        correlation_id=notification.correlation_id,
        unsubscribe_url=link,
        is_simulated=bool(notification.simulated),
        attempt=notification.deliveries[channel.value].attempts + 1,
        campaign_id=campaign_id,
        variant=notification.variant,
    )


def tracked_campaign(
    notification: Notification, channel: Channel, contact: Contact, text: ChannelText
) -> str | None:
    """Return the campaign of a mail whose opens and clicks the person agreed to record."""
    agreed = channel is Channel.EMAIL and contact.preferences.tracking and bool(text.html)
    return notification.campaign_id if agreed else None


def variables_for(contact: Contact, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of a person's message, with those that describe the person."""
    about = {"name": contact.known_name, "time_zone": contact.preferences.time_zone}
    return {**about, **variables} | ({"is_guest": True} if contact.is_guest else {})


def marked(rendered: Rendered) -> Rendered:
    """Return a message with the mark of a test in the texts that a reader sees first."""
    texts = {name: getattr(rendered, name) for name in SEEN_FIRST}
    return rendered.model_copy(
        update={name: f"{TEST_MARK} {text}" for name, text in texts.items() if text}
    )


def text_for(channel: Channel, rendered: Rendered) -> ChannelText:
    """Return the text for a channel; `NO_TEXT` if the template has none."""
    match channel:
        case Channel.EMAIL:
            return ChannelText(
                subject=rendered.email_subject or "",
                html=rendered.email_html or "",
                text=rendered.email_text or "",
            )
        case Channel.PUSH:
            return ChannelText(title=rendered.push_title or "", body=rendered.push_body or "")
        case Channel.SMS:
            return ChannelText(text=rendered.sms_text or "")
        case Channel.WEBHOOK:
            return ChannelText(
                title=rendered.inbox_title or rendered.push_title or rendered.email_subject or "",
                body=rendered.inbox_body or rendered.push_body or rendered.email_text or "",
            )


def _address(contact: Contact) -> Address:
    devices = tuple(Device(platform=each.platform, token=each.token) for each in contact.devices)
    return Address(
        email=contact.email,
        name=contact.known_name or "",
        devices=devices,
        phone=contact.phone,
        webhook_url=contact.webhook_url,
        webhook_id=contact.webhook_id,
    )
