"""The state machine of a delivery: its transitions. `changes` writes them.

Each transition is one atomic write: it changes the status if that is still the expected one, and
adds a step to the delivery's history. A delivery that becomes `queued` gets its command in the same
write.
"""

from collections.abc import Hashable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tidings.delivery.events import DeliverNotification, DeliverNotificationData
from tidings.delivery.models import Channel, Delivery, DeliveryStatus, Notification
from tidings.delivery.outgoing import Receipt
from tidings.delivery.planning import Decision, was_seen
from tidings.platform.messaging.events import Event
from tidings.platform.providers.failures import Tried

ACCEPTED: Final = "accepted"
SCHEDULED, QUEUED = DeliveryStatus.SCHEDULED, DeliveryStatus.QUEUED
SENDING, SENT = DeliveryStatus.SENDING, DeliveryStatus.SENT
DELIVERED, FAILED = DeliveryStatus.DELIVERED, DeliveryStatus.FAILED
SUPPRESSED, CANCELLED = DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED
UNKNOWN = DeliveryStatus.UNKNOWN

# Functions that send end within their timeout (120 s). After this time the process is dead.
LEASE: Final = timedelta(seconds=150)


class Transition(NamedTuple):
    """A change of a delivery to a status, possible from some statuses only."""

    reached: DeliveryStatus
    after: tuple[DeliveryStatus, ...]


# Its time has come, by `send_at`, the quiet hours, or the digest.
RELEASE: Final = Transition(QUEUED, (SCHEDULED,))
SHOW_IN_INBOX: Final = Transition(DELIVERED, (SCHEDULED,))
# A consumer works on it. A failed delivery may be redriven; a lost claim may be repeated.
POSTPONE: Final = Transition(SCHEDULED, (SCHEDULED, QUEUED, SENDING, FAILED))
SUPPRESS: Final = Transition(SUPPRESSED, (SCHEDULED, QUEUED, SENDING, FAILED))
CLAIM: Final = Transition(SENDING, (QUEUED, SENDING, FAILED))
# Only a push whose text was changed after it was sent: the new one replaces it on the device. It is
# failed if an earlier repetition failed; then `CLAIM` sends it again.
SEND_AGAIN: Final = Transition(SENDING, (SENT, UNKNOWN))
WAIT_AGAIN: Final = Transition(SCHEDULED, (SENT, UNKNOWN, FAILED))
# The claim ends.
ACCEPT: Final = Transition(SENT, (SENDING,))
REQUEUE: Final = Transition(QUEUED, (SENDING,))
LOSE: Final = Transition(UNKNOWN, (SENDING,))
FAIL: Final = Transition(FAILED, (QUEUED, SENDING, FAILED))
# An operator or the sender cancels it.
CANCEL: Final = Transition(CANCELLED, (SCHEDULED, QUEUED))
# The provider reports that the message arrived, or that it bounced or was unwanted.
ARRIVE: Final = Transition(DELIVERED, (SENDING, SENT, UNKNOWN))
RETURN: Final = Transition(FAILED, (SENDING, SENT, UNKNOWN, DELIVERED))


@dataclass(frozen=True)
class Change:
    """A transition of one delivery, with the event to publish and the delivery's fields to set.

    Raises:
        ValueError: the transition is not possible from the status that was read.
    """

    notification: Notification
    channel: Channel
    transition: Transition
    reason: str | None = None
    _: KW_ONLY
    at: datetime
    event: Event | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    # The provider that accepted the message, and those that did not.
    provider: str | None = None
    tried: tuple[Tried, ...] = ()

    def __post_init__(self) -> None:
        read, transition = self.delivery.status, self.transition
        if read not in transition.after:
            raise ValueError(f"a delivery cannot become {transition.reached} after {read}")

    @property
    def delivery(self) -> Delivery:
        """The delivery as it was read."""
        found: Delivery = self.notification.deliveries[self.channel.value]
        return found

    @property
    def unchanged(self) -> dict[str, Any]:
        """The conditions that hold if no other process changed the delivery since it was read."""
        read = self.delivery
        return {"status": read.status, "claimed_at": read.claimed_at}

    @property
    def needs_text(self) -> dict[str, Any]:
        """The conditions on the notification: a claim is for the text that was read."""
        is_claim = self.transition.reached is SENDING
        return {"revision": self.notification.revision} if is_claim else {}

    @property
    def calls(self) -> dict[str, Any]:
        """The fields of the step that tell which providers were called."""
        tried = [each._asdict() for each in self.tried]
        told = {"provider": self.provider, "tried": tried}
        return {name: value for name, value in told.items() if value}

    @property
    def form(self) -> Hashable:
        """All of it but the notification; changes of the same form can be written at once."""
        conditions, fields = tuple(self.unchanged.values()), tuple(sorted(self.fields.items()))
        form = self.channel, self.transition, self.reason, self.at, self.ends_wait
        return *form, conditions, *self.needs_text.values(), fields, self.provider, self.tried

    @property
    def has_effects(self) -> bool:
        """Whether more than the delivery changes: an event is stored, or a code is dropped."""
        settles = self.transition.reached in SETTLED
        notification = self.notification
        return self.event is not None or (
            settles and bool(notification.carries_code or notification.callback_to)
        )

    @property
    def ends_wait(self) -> bool:
        """Whether it ends the only claim, so that the release job need not look at it any more."""
        if self.delivery.status != SENDING or self.transition.reached in {SENDING, SCHEDULED}:
            return False
        others = [
            each for name, each in self.notification.deliveries.items() if name != self.channel
        ]
        return all(each.status in DONE for each in others)


# The transition that carries out a decision about a delivery.
BY_DECISION: Final = {each.reached: each for each in (RELEASE, POSTPONE, SUPPRESS, SHOW_IN_INBOX)}
# No command and no job sends them any more, whatever a provider reports later.
DONE: Final = frozenset({SENT, DELIVERED, SUPPRESSED, CANCELLED})
# Final states, unless a provider later reports about the message.
SETTLED: Final = frozenset({SENT, DELIVERED, FAILED, SUPPRESSED, CANCELLED, UNKNOWN})


def first_state(decision: Decision, at: datetime, *, if_unread: bool = False) -> dict[str, Any]:
    """Return a new delivery with its first steps, in its stored form.

    Args:
        if_unread: it is sent only if the person has not seen the message in the inbox by then.
    """
    status = decision.status.value
    step: dict[str, Any] = {"status": status, "at": at}
    delivery: dict[str, Any] = {"status": status, "attempts": 0}
    if decision.reason is not None:
        step["reason"] = delivery["reason"] = decision.reason
    if decision.due_at is not None:
        delivery["due_at"] = decision.due_at
    if if_unread:
        delivery["if_unread"] = True
    return delivery | {"steps": [{"status": ACCEPTED, "at": at}, step]}


def command_for(notification: Notification, channel: Channel) -> DeliverNotification:
    """Return the command of a queued delivery."""
    data = DeliverNotificationData.model_validate(
        {
            "notification_id": notification.id,
            "channel": channel.value,
            "priority": notification.priority,
        }
    )
    return DeliverNotification(
        subject=notification.id, correlationid=notification.correlation_id, data=data
    )


def is_open(delivery: Delivery) -> bool:
    """Say whether a delivery may be sent.

    A delivery that failed before a provider accepted it is open, too: an operator may redrive its
    command from `failed-messages`.
    """
    if delivery.status == FAILED:
        return delivery.provider_message_id is None and not delivery.undeliverable
    return delivery.status in {QUEUED, SENDING}


def is_outdated(notification: Notification, channel: str, delivery: Delivery) -> bool:
    """Say whether a delivery that is over is to be sent again, because its text was changed.

    Only a push is, by which the device replaces the one that it shows. It is not, if the reader has
    seen the message.
    """
    was_sent = delivery.status in SEND_AGAIN.after or (
        delivery.status == FAILED and delivery.provider_message_id is not None
    )
    return (
        channel == Channel.PUSH
        and was_sent
        and (delivery.revision or 0) < (notification.revision or 0)
        and not delivery.undeliverable
        and not was_seen(notification)
    )


def claim_of(delivery: Delivery) -> Transition:
    """Return the transition that claims an open or an outdated delivery."""
    return SEND_AGAIN if delivery.status in SEND_AGAIN.after else CLAIM


def accepted(
    notification: Notification, channel: Channel, receipt: Receipt, at: datetime
) -> Change:
    """Return the change of a delivery whose message the provider accepted."""
    fields = {
        "provider": receipt.provider,
        "provider_message_id": receipt.provider_message_id,
        "revision": notification.revision,
    }
    return Change(
        notification,
        channel,
        ACCEPT,
        at=at,
        fields=fields,
        provider=receipt.provider,
        tried=receipt.tried,
    )
