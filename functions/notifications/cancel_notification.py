"""POST /api/v1/notifications/{id}/cancel: cancel a notification that still waits.

For operators, and the service that sent it.
"""

from tidings.notifications.cancelling import cancel_notification
from tidings.platform.entry.rest import rest

handler = rest(cancel_notification)
