"""GET /api/v1/products/{product_id}/stock: what moved a product's stock."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.platform.pagination import PageRequest
from tidings.products.errors import ProductNotFound
from tidings.products.queries import get_stock_history
from tidings.products.schemas import StockMovementView


@endpoint(
    role=Role.OPERATOR,
    query=PageRequest,
    returns=list[StockMovementView],
    refusals=(ProductNotFound,),
)
def handler(request: Request[None, PageRequest]) -> Reply:
    return Reply.of_page(get_stock_history(request.path["product_id"], request.query))
