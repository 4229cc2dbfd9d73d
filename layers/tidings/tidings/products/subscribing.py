"""Operations on subscriptions: be told when a product is back in stock."""

from datetime import datetime
from typing import Final

from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.security.limits import Limit
from tidings.platform.storage.pagination import Page, PageRequest, paginate
from tidings.platform.timing.clock import now
from tidings.products import stock_links, subscriptions
from tidings.products.errors import (
    AddressNeeded,
    BadStockLink,
    ProductInStock,
    ProductNotFound,
    TooManySubscriptions,
)
from tidings.products.events import StockNoticeRequested, StockNoticeRequestedData
from tidings.products.models import StockSubscription
from tidings.products.queries import get_products_by_id
from tidings.products.schemas import (
    ProductView,
    StockNotice,
    StockNoticeState,
    StockSubscriptionView,
    StockUnsubscription,
    SubscribeToStock,
)
from tidings.users import guests
from tidings.users.guests import CONFIRM_WITHIN
from tidings.users.throttle import Guard, paced

MAX_SUBSCRIPTIONS: Final = 100
REQUESTS_OF_ADDRESS: Final = Limit("stock-notices-address", 20, 3600)
# Anyone can type any address. Without this, each request would be a mail to it.
MAILS: Final = Guard("stock-notice-mails", free=3, first=60, longest=3600)


@operation(
    role=PUBLIC,
    refuses=(ProductNotFound, ProductInStock, AddressNeeded, TooManySubscriptions, RateLimited),
    note="without an address for signed-in people; the owner of an address confirms it by mail",
)
def subscribe_to_stock(
    product_id: str,
    wanted: SubscribeToStock,
    *,
    caller: Principal | None = None,
    at: datetime | None = None,
) -> StockNotice:
    """Tell a person once when a product is back in stock. Safe to repeat.

    A signed-in person is subscribed at once. An address gets a mail with a link to confirm; after
    several requests for it no further mail is sent for a while, with the same answer. Whether the
    address has an account changes nothing.

    Raises:
        AddressNeeded: the caller is not signed in, and sends no address.
        Forbidden: a service calls without an address.
        ProductNotFound: the product does not exist, or is not on sale.
        ProductInStock: it can be had now.
        TooManySubscriptions: the person waits for too many products.
        RateLimited: too many requests came from this network address.
        redis.RedisError: an address is sent, and Redis is unavailable.
    """
    moment = at or now()
    if wanted.email is None:
        if caller is None:
            raise AddressNeeded
        require(caller, Role.CUSTOMER)
        _check_room(product_id, caller.user_id)
        subscribe(product_id, caller.user_id, moment)
        return StockNotice(product_id=product_id, state=StockNoticeState.SUBSCRIBED)
    REQUESTS_OF_ADDRESS.take_for_address()
    product = sold_out_product(product_id)
    with paced(MAILS, wanted.email) as is_due:
        if is_due:
            _ask(wanted.email, wanted.language or "en", product, moment)
    return StockNotice(product_id=product_id, state=StockNoticeState.CONFIRMATION_SENT)


@operation(role=Role.CUSTOMER, note="the caller's own")
def unsubscribe_from_stock(product_id: str, *, caller: Principal) -> StockUnsubscription:
    """End the caller's subscription to a product. Safe to repeat."""
    subscriptions.remove(product_id, caller.user_id)
    return StockUnsubscription(product_id=product_id)


@operation(role=Role.CUSTOMER, writes=False, note="the caller's own")
def get_stock_subscriptions(page: PageRequest, *, caller: Principal) -> Page[StockSubscriptionView]:
    """Return the products that the caller waits for.

    Raises:
        UnknownCursor: the cursor is not valid for this list.
    """
    found = StockSubscription.objects(user_id=caller.user_id)
    return paginate(found, page).map(StockSubscriptionView.model_validate)


def product_to_confirm(token: str, *, at: datetime | None = None) -> ProductView:
    """Return the product of a link without changing anything, because mail scanners follow links.

    Raises:
        BadStockLink: we did not make the link, or it is too old.
        ProductNotFound: the product is no longer on sale.
    """
    return _on_sale(stock_links.read_link(token, at or now()).product_id)


def confirm_stock_notice(token: str, *, at: datetime | None = None) -> ProductView:
    """Subscribe the owner of an address, who opened the link in our mail. Safe to repeat.

    Raises:
        BadStockLink: we did not make the link, or it is too old.
        ProductNotFound: the product is no longer on sale.
        ProductInStock: it can be had now.
    """
    moment = at or now()
    link = stock_links.read_link(token, moment)
    product = sold_out_product(link.product_id)
    # The subscription first: see `subscriptions._let_guests_go`.
    subscribe(link.product_id, link.guest_id, moment)
    if not guests.confirm(link.guest_id, moment + subscriptions.KEPT_FOR, moment):
        subscriptions.remove(link.product_id, link.guest_id)
        raise BadStockLink
    return product


def subscribe(product_id: str, user_id: str, at: datetime) -> None:
    """Subscribe a person, or a guest, to a product that is sold out now.

    Raises:
        ProductNotFound: the product does not exist, or is not on sale.
        ProductInStock: it can be had now.
    """
    sold_out_product(product_id)
    is_new = subscriptions.store(product_id, user_id, at)
    try:
        # Pieces that came in between may have told everybody before this one was there.
        sold_out_product(product_id)
    except ProductInStock:
        if is_new:
            subscriptions.remove(product_id, user_id)
        raise
    logger.info("stock subscription stored", product_id=product_id, user_id=user_id, new=is_new)


def sold_out_product(product_id: str) -> ProductView:
    """Return a product on sale that is sold out, as it is now.

    Raises:
        ProductNotFound: the product does not exist, or is not on sale.
        ProductInStock: it can be had now.
    """
    product = _on_sale(product_id)
    if product.stock > 0:
        raise ProductInStock(product.stock)
    return product


def _on_sale(product_id: str) -> ProductView:
    product = get_products_by_id([product_id]).get(product_id)
    if product is None:
        raise ProductNotFound(product_id)
    return product


def _check_room(product_id: str, user_id: str) -> None:
    """Refuse a subscription if the person already has the greatest allowed number."""
    others = StockSubscription.objects(user_id=user_id, product_id__ne=product_id)
    if others.limit(MAX_SUBSCRIPTIONS).count(with_limit_and_skip=True) >= MAX_SUBSCRIPTIONS:
        raise TooManySubscriptions(MAX_SUBSCRIPTIONS)


def _ask(email: str, language: str, product: ProductView, at: datetime) -> None:
    """Send a mail that asks the owner of an address to confirm."""
    until = at + CONFIRM_WITHIN

    def event_of(guest_id: str) -> StockNoticeRequested:
        data = StockNoticeRequestedData(
            user_id=guest_id,
            product_id=product.id,
            title=product.title,
            confirm_url=stock_links.confirm_url(guest_id, product.id, until),
            valid_until=until,
        )
        return StockNoticeRequested(subject=product.id, data=data)

    guest_id = guests.invite(email, language, event_of, at)
    logger.info("stock notice requested", product_id=product.id, user_id=guest_id)
