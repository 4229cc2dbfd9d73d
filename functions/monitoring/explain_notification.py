"""GET /api/v1/notifications/{id}/explanation: what happened to a notification, and why.

For operators.
"""

from tidings.monitoring.explaining.operations import explain_notification
from tidings.platform.entry.rest import rest

handler = rest(explain_notification)
