"""GET /api/v1/suppressions: addresses that get no more mail, as hashes."""

from tidings.delivery.schemas import GetSuppressions, SuppressionView
from tidings.delivery.suppression import get_suppressions
from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint


@endpoint(role=Role.OPERATOR, query=GetSuppressions, returns=list[SuppressionView])
def handler(request: Request[None, GetSuppressions]) -> Reply:
    query = request.query
    return Reply.of_page(get_suppressions(query, caller=request.caller, wanted=query))
