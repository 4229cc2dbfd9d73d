"""GET /api/v1/products: the catalogue."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.platform.pagination import PageRequest
from tidings.products.queries import get_products
from tidings.products.schemas import ProductView


@endpoint(role=PUBLIC, query=PageRequest, returns=list[ProductView])
def handler(request: Request[None, PageRequest]) -> Reply:
    return Reply.of_page(get_products(request.query))
