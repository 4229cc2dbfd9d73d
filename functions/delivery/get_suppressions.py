"""GET /api/v1/suppressions: suppressed addresses, as hashes."""

from tidings.delivery.schemas import GetSuppressions
from tidings.delivery.suppression import get_suppressions
from tidings.platform.entry.rest import rest

handler = rest(get_suppressions, query=GetSuppressions)
