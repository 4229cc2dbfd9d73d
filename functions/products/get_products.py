"""GET /api/v1/products: the catalogue."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.products.queries import get_products


@endpoint(role=PUBLIC)
def handler(request: Request[None]) -> Reply:
    return Reply.of_page(get_products(request.page))
