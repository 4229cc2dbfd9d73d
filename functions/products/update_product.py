"""PATCH /api/v1/products/{product_id}: change a product at the version that is named."""

from tidings.platform.auth import Role
from tidings.platform.http import Reply, Request, endpoint
from tidings.products.errors import ImpossibleState, ProductNotFound, StaleVersion
from tidings.products.operations import update_product
from tidings.products.schemas import ProductView, UpdateProduct


@endpoint(
    role=Role.OPERATOR,
    body=UpdateProduct,
    returns=ProductView,
    refusals=(ProductNotFound, StaleVersion, ImpossibleState),
)
def handler(request: Request[UpdateProduct]) -> Reply:
    return Reply(update_product(request.path["product_id"], request.body))
