"""POST /api/v1/products: add a product to the catalogue."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.products.operations import create_product
from tidings.products.schemas import CreateProduct


@endpoint(role=Role.ADMIN, body=CreateProduct)
def handler(request: Request[CreateProduct]) -> Reply:
    return Reply(create_product(request.body), status=201, message="The product is in the shop.")
