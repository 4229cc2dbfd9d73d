"""POST /api/v1/notifications/{id}/retract: take a notification back.

For operators, and the service that sent it.
"""

from tidings.notifications.retracting import retract_notification
from tidings.platform.entry.rest import rest

handler = rest(retract_notification)
