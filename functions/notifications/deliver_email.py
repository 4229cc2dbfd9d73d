"""Consumer of `email.queue`: sends mails, each once."""

from tidings.notifications.delivering import deliver
from tidings.notifications.events import DeliverNotification
from tidings.platform.consumer import consumer


@consumer(DeliverNotification)
def handler(command: DeliverNotification) -> None:
    deliver(command)
