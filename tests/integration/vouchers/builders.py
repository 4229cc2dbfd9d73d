"""Builders of vouchers, and of orders with them."""

from itertools import count
from typing import Any, Final

from tests.integration.builders import a_person
from tidings.orders.operations import place_order, preview_order
from tidings.orders.schemas import OrderPreview, OrderView, PlaceOrder
from tidings.platform.security.auth import Principal, Role
from tidings.products.schemas import ProductView
from tidings.vouchers.operations import create_voucher, update_voucher
from tidings.vouchers.queries import get_voucher
from tidings.vouchers.schemas import CreateVoucher, UpdateVoucher, VoucherView

OPERATOR: Final = a_person(Role.OPERATOR)
_numbers = count(1)


def a_voucher(**values: Any) -> VoucherView:
    """Create a voucher of 10 per cent, unless these values give another discount."""
    discount = {} if values.keys() & {"amount", "percent"} else {"percent": "10"}
    generated = values.get("reach") == "customer"
    code = {} if generated else {"code": f"SPRING-{next(_numbers)}"}
    given = {"name": "Spring sale", "currency": "EUR", **code, **discount, **values}
    return create_voucher(CreateVoucher.model_validate(given), caller=OPERATOR)


def an_edit(voucher: VoucherView, **changes: Any) -> VoucherView:
    given = {"version": voucher.version, **changes}
    return update_voucher(voucher.id, UpdateVoucher.model_validate(given), caller=OPERATOR)


def as_it_is(voucher: VoucherView) -> VoucherView:
    return get_voucher(voucher.id, caller=OPERATOR)


def uses_of(voucher: VoucherView) -> tuple[int, int]:
    """Return the number of orders that have a voucher, and what they were reduced by."""
    found = as_it_is(voucher)
    return found.uses, found.discounted


def wanted(product: ProductView, code: str | None, quantity: int = 1) -> PlaceOrder:
    items = [{"product_id": product.id, "quantity": quantity}]
    return PlaceOrder.model_validate({"items": items, "voucher_code": code})


def order_with(
    code: str,
    product: ProductView,
    *,
    customer: Principal | None = None,
    quantity: int = 1,
    key: str | None = None,
) -> OrderView:
    """Place an order with a voucher."""
    return place_order(
        wanted(product, code, quantity), caller=customer or a_person(), idempotency_key=key
    )


def preview_with(
    code: str, product: ProductView, *, customer: Principal | None = None, quantity: int = 1
) -> OrderPreview:
    return preview_order(wanted(product, code, quantity), caller=customer or a_person())
