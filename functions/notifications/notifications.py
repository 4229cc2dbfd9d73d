"""Consumer of the queue `notifications`: notifies people of events.

- product.back_in_stock: requests the notification of the product's followers
- product.price_dropped: requests the notification of the product's followers
- notification.delivered: records that the message arrived
- notification.failed: records a provider's report that the message did not arrive
- user.preferences_updated: deletes opens and clicks if the person no longer agrees to tracking
- user.deleted: erases the person's notifications
"""

from tidings.notifications.notifying import notify, notify_together
from tidings.notifications.rules import HEARD
from tidings.platform.entry.consumer import consumer
from tidings.platform.messaging.events import Event


@consumer(*HEARD, together=notify_together)
def handler(event: Event) -> None:
    notify(event)
