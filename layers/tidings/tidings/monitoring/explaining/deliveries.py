"""Explain the deliveries of a notification: each step, and the outcome on each channel."""

from collections.abc import Iterator
from typing import Any, Final

from tidings.delivery.models import Channel, DeliveryStatus
from tidings.delivery.planning import INBOX
from tidings.delivery.states import ACCEPTED
from tidings.delivery.status import TriedProviderView
from tidings.monitoring.explaining.makers import maker_of, sender_of
from tidings.monitoring.explaining.reasons import NOT_RECORDED, reason_of
from tidings.monitoring.explaining.schemas import ChannelOutcome, ExplainedStep

NOT_ADDRESSED: Final = "not_addressed"
# The channels that a person has to switch on.
CHOSEN: Final = frozenset({Channel.SMS, Channel.WEBHOOK})
SENTENCES: Final[dict[str, str]] = {
    DeliveryStatus.SCHEDULED: "It waits.",
    DeliveryStatus.QUEUED: "The command to send it goes to the queue {queue}.",
    DeliveryStatus.SENDING: "The consumer claimed it, right before it called the provider.",
    DeliveryStatus.SENT: "The provider accepted it.",
    DeliveryStatus.DELIVERED: "The provider reported that it arrived.",
    DeliveryStatus.FAILED: "It failed.",
    DeliveryStatus.SUPPRESSED: "It is not sent.",
    DeliveryStatus.CANCELLED: "It was cancelled before it was sent.",
    DeliveryStatus.UNKNOWN: "It may have been sent; this cannot be found out.",
}
# The sentence about a step with a reason.
WITH_REASON: Final[dict[str, str]] = {
    DeliveryStatus.SCHEDULED: "It waits: {clause}.",
    DeliveryStatus.QUEUED: "It was not sent and is tried again: {clause}.",
    DeliveryStatus.FAILED: "It failed: {clause}.",
    DeliveryStatus.SUPPRESSED: "It is not sent: {clause}.",
    DeliveryStatus.UNKNOWN: "It may have been sent: {clause}.",
}


def steps_of(notification: Any) -> Iterator[ExplainedStep]:
    """Yield the steps of all deliveries of a notification, except the first ones, `accepted`."""
    for channel, delivery in sorted(notification.deliveries.items()):
        before = None
        for step in delivery.steps:
            if step.status != ACCEPTED:
                yield _step(notification, channel, delivery, before, step)
                before = step


def outcomes_of(notification: Any) -> list[ChannelOutcome]:
    """Return the outcome of a notification on each channel, also on those not addressed."""
    return [
        _outcome(notification, channel, notification.deliveries[channel])
        if channel in notification.deliveries
        else _not_addressed(notification, channel)
        for channel in (INBOX, *(each.value for each in Channel))
    ]


def _step(notification: Any, channel: str, delivery: Any, before: Any, step: Any) -> ExplainedStep:
    maker = maker_of(notification, channel, before, step)
    code, sentence = _told(notification, channel, step)
    was_sent = step.status in {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}
    return ExplainedStep(
        at=step.at,
        code=f"delivery.{step.status}",
        reason=code,
        sentence=" ".join([sentence, *_calls(step)]),
        channel=channel,
        function=maker.function,
        queue=maker.queue,
        correlation_id=notification.correlation_id,
        event_id=notification.event_id,
        notification_id=notification.id,
        provider=(step.provider or delivery.provider) if was_sent else None,
        provider_message_id=delivery.provider_message_id if was_sent else None,
        tried=[TriedProviderView.model_validate(each) for each in step.tried or ()],
    )


def _calls(step: Any) -> Iterator[str]:
    """Yield a sentence about the providers that did not accept the message, if it tells more."""
    tried = [f"{each.provider} ({each.reason})" for each in step.tried or ()]
    if step.provider and tried:
        yield f"It went through {step.provider}, after {' and '.join(tried)}."
    elif len(tried) > 1:
        yield f"These providers were tried: {', '.join(tried)}."


def _outcome(notification: Any, channel: str, delivery: Any) -> ChannelOutcome:
    code, sentence = _told(notification, channel, delivery)
    if delivery.status == DeliveryStatus.SCHEDULED and delivery.due_at is not None:
        sentence = f"{sentence.removesuffix('.')}, until {delivery.due_at.isoformat()}."
    return ChannelOutcome(channel=channel, status=delivery.status, reason=code, sentence=sentence)


def _told(notification: Any, channel: str, told: Any) -> tuple[str | None, str]:
    """Return the code and the sentence of a delivery or of one of its steps."""
    status = told.status
    if channel == INBOX and status == DeliveryStatus.DELIVERED:
        if notification.simulated:
            return None, "It is simulated, so the person's inbox does not show it."
        if notification.retracted_at is not None:
            return None, "Its sender has taken it back, so the person's inbox does not show it."
        return None, "It is in the person's inbox."
    found = reason_of(told.reason, status, channel=channel, category=notification.category)
    if found is None or status not in WITH_REASON:
        queue = sender_of(notification, channel).queue if channel != INBOX else ""
        code = None if found is None else found[0]
        return code, SENTENCES.get(status, "The status is not known.").format(queue=queue)
    return found[0], WITH_REASON[status].format(clause=found[1])


def _not_addressed(notification: Any, channel: str) -> ChannelOutcome:
    if notification.channels_named is None:
        reason = NOT_RECORDED
        sentence = "Not recorded: it is older than the record of who chose its channels."
    elif notification.channels_named or channel not in CHOSEN:
        reason, sentence = "not_named", "Its rule or its sender names other channels."
    else:
        category = notification.category
        reason = "not_chosen"
        sentence = f"The person has not switched on {channel} for {category}."
    return ChannelOutcome(channel=channel, status=NOT_ADDRESSED, reason=reason, sentence=sentence)
