"""POST /api/v1/users/{user_id}/purchase: store a person's purchase."""

from tidings.platform.entry.rest import rest
from tidings.recommendations.operations import log_purchase

handler = rest(log_purchase, status=201, message="The purchase is noted.")
