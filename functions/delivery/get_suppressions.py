"""GET /api/v1/suppressions: suppressed addresses, as hashes."""

from tidings.delivery.operations import get_suppressions
from tidings.delivery.schemas import GetSuppressions
from tidings.platform.entry.rest import rest

handler = rest(get_suppressions, query=GetSuppressions)
