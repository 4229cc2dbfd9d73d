"""GET /api/v1/products/{product_id}: one product."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.products.errors import ProductNotFound
from tidings.products.queries import get_product
from tidings.products.schemas import ProductView


@endpoint(role=PUBLIC, returns=ProductView, refusals=(ProductNotFound,))
def handler(request: Request[None]) -> Reply:
    return Reply(get_product(request.path["product_id"], caller=request.principal))
