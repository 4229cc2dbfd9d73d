"""Resolvers of the catalogue."""

from typing import Any

from resolvers.caller import Info
from resolvers.connection import Connection, PageArguments, connection
from tidings.products import operations, queries
from tidings.products.schemas import CreateProduct, ProductView


def get_products(_: Any, _info: Info, first: int, after: str | None = None) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    return connection(queries.get_products(page))


def create_product(_: Any, _info: Info, input: dict[str, Any]) -> ProductView:
    return operations.create_product(CreateProduct.model_validate(input))
