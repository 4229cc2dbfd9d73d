"""Invoked by an operator of the AWS account (`make import-products`), never through the API."""

from typing import Any

from tidings.platform.entry.command import command
from tidings.platform.inputs.parsing import parsed
from tidings.products.importing import ImportProducts, import_products


@command("products")
def handler(event: dict[str, Any]) -> dict[str, Any]:
    return import_products(parsed(ImportProducts, event)).model_dump(mode="json")
