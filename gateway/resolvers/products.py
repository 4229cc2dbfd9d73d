"""Resolvers of the catalogue."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.products import operations, queries
from tidings.products.fields import ProductSort
from tidings.products.schemas import (
    AdjustStock,
    CreateProduct,
    ProductFilter,
    ProductView,
    UpdateProduct,
)


def get_product(_: Any, info: Info, id: str) -> ProductView:
    return queries.get_product(id, caller=info.context.principal)


def get_products(
    _: Any,
    info: Info,
    first: int,
    after: str | None = None,
    filter: dict[str, Any] | None = None,
    sort: str | None = None,
) -> Connection:
    page = queries.get_products(
        PageArguments.model_validate({"first": first, "after": after}),
        ProductFilter.model_validate(filter or {}),
        ProductSort(sort or ProductSort.NEWEST),
        caller=info.context.principal,
    )
    return connection(page)


def get_stock_history(
    _: Any, _info: Info, product_id: str, first: int, after: str | None = None
) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    return connection(queries.get_stock_history(product_id, page))


def create_product(_: Any, _info: Info, input: dict[str, Any]) -> ProductView:
    return operations.create_product(CreateProduct.model_validate(input))


def update_product(_: Any, _info: Info, id: str, input: dict[str, Any]) -> ProductView:
    return operations.update_product(id, UpdateProduct.model_validate(input))


def adjust_stock(_: Any, info: Info, id: str, input: dict[str, Any]) -> ProductView:
    return operations.adjust_stock(id, AdjustStock.model_validate(input), caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getProduct": get_product,
    "getProducts": get_products,
    "getStockHistory": get_stock_history,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "createProduct": create_product,
    "updateProduct": update_product,
    "adjustStock": adjust_stock,
}
