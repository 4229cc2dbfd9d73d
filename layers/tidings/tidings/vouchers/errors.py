"""Errors that voucher operations, and orders with a voucher, raise."""

from datetime import datetime

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class VoucherNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such voucher.")


class CodeTaken(Conflict):
    def __init__(self) -> None:
        super().__init__("Another voucher has this code.", field="code")


class StaleVoucher(Conflict):
    def __init__(self, current: int) -> None:
        message = f"The voucher changed meanwhile: its version is now {current}."
        super().__init__(message, field="version")


class DiscountUnclear(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Send either an amount or a per cent.", field="amount")


class CustomerMissing(RuleRefused):
    def __init__(self) -> None:
        super().__init__("A voucher for one customer needs the customer.", field="customer_id")


class CustomerNotAsked(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "Only a voucher with the reach `customer` has a customer.", field="customer_id"
        )


class UnknownCustomer(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such user.", field="customer_id")


class CodeIsGenerated(RuleRefused):
    """The code of a voucher for one customer must not be guessed, so it is not chosen."""

    def __init__(self) -> None:
        super().__init__("The code of a voucher for one customer is generated.", field="code")


class PeriodEmpty(RuleRefused):
    def __init__(self) -> None:
        super().__init__("A voucher must end after its beginning.", field="valid_until")


class VoucherRefused(RuleRefused):
    """An order cannot have this voucher."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="voucher_code")


class VoucherUnknown(VoucherRefused):
    """There is no such code, or another person's: the caller cannot tell which."""

    def __init__(self) -> None:
        super().__init__("You have no voucher with this code.")


class VoucherTooEarly(VoucherRefused):
    def __init__(self, begin: datetime) -> None:
        super().__init__(f"This voucher is valid from {begin:%Y-%m-%d %H:%M} UTC.")


class VoucherExpired(VoucherRefused):
    def __init__(self, end: datetime) -> None:
        super().__init__(f"This voucher was valid until {end:%Y-%m-%d %H:%M} UTC.")


class VoucherEnded(VoucherRefused):
    def __init__(self) -> None:
        super().__init__("This voucher is no longer valid.")


class VoucherUsedUp(VoucherRefused):
    def __init__(self) -> None:
        super().__init__("This voucher is used up.")


class VoucherUsedByYou(VoucherRefused):
    def __init__(self, times: int) -> None:
        often = "once" if times == 1 else f"{times} times"
        super().__init__(f"A customer can use this voucher {often}, and you have.")


class VoucherOtherCurrency(VoucherRefused):
    def __init__(self, currency: str) -> None:
        super().__init__(f"This voucher is for orders in {currency}.")


class VoucherMinimum(VoucherRefused):
    def __init__(self, minimum: str) -> None:
        super().__init__(f"This voucher needs items for at least {minimum}.")
