"""Consumer of `email.urgent.queue`: sends the mails that pass all others, each once.

A function of its own: LocalStack takes one mapping of a broker to a function.
"""

from tidings.notifications.delivering import deliver
from tidings.notifications.events import DeliverNotification
from tidings.platform.consumer import consumer


@consumer(DeliverNotification)
def handler(command: DeliverNotification) -> None:
    deliver(command)
