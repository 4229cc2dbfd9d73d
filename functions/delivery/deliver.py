"""Consumer of the queues of all channels, such as `email.queue`: sends messages, each once.

The command names the channel. Each queue has a function of its own in template.yaml, with the
channel's permissions, because LocalStack supports one broker mapping per function.
"""

from tidings.delivery.delivering import NEEDS_SECONDS, deliver, deliver_together
from tidings.delivery.events import DeliverNotification
from tidings.platform.entry.consumer import consumer


@consumer(DeliverNotification, together=deliver_together, needs_seconds=NEEDS_SECONDS)
def handler(command: DeliverNotification) -> None:
    deliver(command)
