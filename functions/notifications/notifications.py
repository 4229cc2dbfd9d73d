"""Consumer of the queue `notifications`: tells people what happened."""

from tidings.notifications.operations import notify
from tidings.notifications.rules import HEARD
from tidings.platform.consumer import consumer
from tidings.platform.events import Event


@consumer(*HEARD)
def handler(event: Event) -> None:
    notify(event)
