"""Invoked by an operator of the AWS account (`make import-products`), never through the API."""

from typing import Any

from tidings.platform.context import correlated
from tidings.platform.entry.invocation import invocation
from tidings.platform.inputs.parsing import parsed
from tidings.platform.timing.clock import new_event_id
from tidings.products.importing import ImportProducts, import_products


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    with correlated(new_event_id()), invocation():
        report = import_products(parsed(ImportProducts, event))
    return report.model_dump(mode="json")
