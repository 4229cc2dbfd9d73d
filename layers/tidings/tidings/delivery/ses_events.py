"""Parse SES's events on mails: event publishing and identity notifications.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import re
from typing import Any, Final, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from tidings.delivery.schemas import MailFeedback
from tidings.platform.schema import Schema

Kind = Literal["delivered", "hard_bounce", "soft_bounce", "complaint", "rejected"]

# Events contain personal data, so a malformed event is logged without its content.
TOLD: Final = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)
NOT_SPAM: Final = "not-spam"
NOTIFICATION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SesRecipient(Schema):
    model_config = TOLD

    emailAddress: str = Field(max_length=1_000)  # noqa: N815 (SES's own names)


class SesMail(Schema):
    model_config = TOLD

    messageId: str = Field(min_length=1, max_length=200)  # noqa: N815
    timestamp: AwareDatetime
    destination: list[str] = Field(default_factory=list)
    tags: dict[str, list[str]] = Field(default_factory=dict)
    headers: list[dict[str, str]] = Field(default_factory=list)


class SesOutcome(Schema):
    model_config = TOLD

    timestamp: AwareDatetime | None = None
    bounceType: str = ""  # noqa: N815
    bouncedRecipients: list[SesRecipient] = Field(default_factory=list)  # noqa: N815
    complainedRecipients: list[SesRecipient] = Field(default_factory=list)  # noqa: N815
    complaintFeedbackType: str | None = None  # noqa: N815


class SesEvent(Schema):
    """One event; its type tells which of the outcomes is set."""

    model_config = TOLD

    # Event publishing sends the first field, identity notifications the second.
    eventType: str = ""  # noqa: N815
    notificationType: str = ""  # noqa: N815
    mail: SesMail
    bounce: SesOutcome = SesOutcome()
    complaint: SesOutcome = SesOutcome()
    delivery: SesOutcome = SesOutcome()
    reject: SesOutcome = SesOutcome()


def feedback_of(told: Any) -> MailFeedback | None:
    """Return the feedback in an event; None if it does not matter, such as `Send`.

    Raises:
        pydantic.ValidationError: it is not an event of SES.
    """
    event = SesEvent.model_validate(told)
    kind = _kind(event)
    if kind is None:
        return None
    outcome = _outcome(event)
    hit = [each.emailAddress for each in outcome.bouncedRecipients + outcome.complainedRecipients]
    return MailFeedback(
        provider="ses",
        provider_message_id=event.mail.messageId,
        kind=kind,
        recipients=tuple(hit or event.mail.destination),
        notification_id=_notification_id(event.mail),
        correlation_id=_header(event.mail, "X-Correlation-Id"),
        at=outcome.timestamp or event.mail.timestamp,
    )


def _kind(event: SesEvent) -> Kind | None:
    match event.eventType or event.notificationType:
        case "Delivery":
            return "delivered"
        case "Bounce":
            return "hard_bounce" if event.bounce.bounceType == "Permanent" else "soft_bounce"
        case "Complaint" if event.complaint.complaintFeedbackType != NOT_SPAM:
            return "complaint"
        case "Reject":
            return "rejected"
    return None


def _outcome(event: SesEvent) -> SesOutcome:
    name = (event.eventType or event.notificationType).lower()
    outcome: SesOutcome = getattr(event, name)
    return outcome


def _notification_id(mail: SesMail) -> str | None:
    tagged = mail.tags.get("notification_id")
    named = tagged[0] if tagged else _header(mail, "X-Notification-Id")
    # Other senders of this account may use headers of that name.
    return named if named and NOTIFICATION_ID.fullmatch(named) else None


def _header(mail: SesMail, name: str) -> str | None:
    found = (each.get("value") for each in mail.headers if each.get("name") == name)
    return next(found, None)
