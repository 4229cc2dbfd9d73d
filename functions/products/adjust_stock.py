"""POST /api/v1/products/{product_id}/stock: count pieces in or out."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.products.errors import NotEnoughStock, ProductNotFound, TooMuchStock
from tidings.products.operations import adjust_stock
from tidings.products.schemas import AdjustStock, ProductView


@endpoint(
    role=Role.OPERATOR,
    body=AdjustStock,
    returns=ProductView,
    refusals=(ProductNotFound, NotEnoughStock, TooMuchStock),
)
def handler(request: Request[AdjustStock]) -> Reply:
    product_id = request.path["product_id"]
    return Reply(adjust_stock(product_id, request.body, caller=request.caller))
