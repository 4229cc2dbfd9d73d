"""Consumer of `push.urgent.queue`: sends push messages that pass the others, each once.

A function of its own: a function has one mapping of a broker (decision 56).
"""

from tidings.notifications.delivering import deliver
from tidings.notifications.events import DeliverNotification
from tidings.platform.consumer import consumer


@consumer(DeliverNotification)
def handler(command: DeliverNotification) -> None:
    deliver(command)
