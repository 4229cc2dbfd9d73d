"""PATCH /api/v1/notifications/{id}: change the text of a notification that may be sent already.

For operators, and the service that sent it. A request with a lower `revision` than the last one is
ignored.
"""

from tidings.notifications.updating import update_notification
from tidings.platform.entry.rest import rest

handler = rest(update_notification)
