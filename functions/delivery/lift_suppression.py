"""DELETE /api/v1/suppressions/{suppression_id}: lift a suppression."""

from tidings.delivery.operations import lift_suppression
from tidings.delivery.schemas import LiftSuppression
from tidings.platform.entry.rest import rest

handler = rest(lift_suppression, query=LiftSuppression)
