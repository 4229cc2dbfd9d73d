"""One attempt to send a notification through a channel, from its command to its result."""

from dataclasses import dataclass
from datetime import datetime

from tidings.delivery import states
from tidings.delivery.events import DeliverNotification
from tidings.delivery.models import Channel, Notification
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.delivery.states import Change
from tidings.platform.logging import logger
from tidings.users.contacts import Contact


@dataclass
class Attempt:
    """A command with its data; each step of `delivering` adds its part.

    It ends with a change to record, with a failure for the consumer, or with both.
    """

    command: DeliverNotification
    # A row (`storage.rows`).
    notification: Notification
    channel: Channel
    contact: Contact | None = None
    # The reason why the person's address gets no mail.
    suppression: str | None = None
    # The rendered and addressed message, if it is to be sent now.
    message: OutgoingMessage | None = None
    # The id of its claim; deliveries that were claimed together share it.
    claim: str | None = None
    # The provider's acceptance.
    receipt: Receipt | None = None
    # The provider may have the message, although it did not accept it.
    maybe_sent: bool = False
    # It was claimed but not sent, because the provider is slow; it is tried again soon.
    is_given_back: bool = False
    change: Change | None = None
    failure: Exception | None = None

    @property
    def is_over(self) -> bool:
        return self.change is not None or self.failure is not None

    @property
    def is_repetition(self) -> bool:
        """Whether it sends a changed text again, after the first one has arrived."""
        channel = self.channel.value
        return states.is_outdated(self.notification, channel, self.notification.deliveries[channel])

    def suppress(self, reason: str | None, at: datetime) -> None:
        """Do not send its message. A repetition's delivery stays as it is."""
        self.message = None
        if not self.is_repetition:
            self.change = Change(self.notification, self.channel, states.SUPPRESS, reason, at=at)
            return
        logger.info(
            "changed text not pushed",
            notification_id=self.notification.id,
            channel=self.channel.value,
            reason=reason,
        )
