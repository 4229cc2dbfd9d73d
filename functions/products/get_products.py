"""GET /api/v1/products: the catalogue."""

from tidings.platform.http import PUBLIC, Reply, Request, endpoint
from tidings.products.errors import StateNotShown
from tidings.products.queries import get_products
from tidings.products.schemas import ListProducts, ProductView


@endpoint(
    role=PUBLIC,
    query=ListProducts,
    returns=list[ProductView],
    refusals=(StateNotShown,),
)
def handler(request: Request[None, ListProducts]) -> Reply:
    wanted = request.query
    return Reply.of_page(get_products(wanted, wanted, wanted.sort, caller=request.principal))
