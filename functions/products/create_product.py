"""POST /api/v1/products: add a product to the catalogue."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.products.errors import SkuTaken
from tidings.products.operations import create_product
from tidings.products.schemas import CreateProduct, ProductView


@endpoint(
    role=Role.ADMIN, body=CreateProduct, returns=ProductView, status=201, refusals=(SkuTaken,)
)
def handler(request: Request[CreateProduct]) -> Reply:
    return Reply(create_product(request.body), message="The product is in the shop.")
