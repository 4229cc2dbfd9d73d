"""The loaders of nested fields, created for each request."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from resolvers.connection import PageArguments
from resolvers.loading import DataLoader
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage.pagination import Page

if TYPE_CHECKING:
    from tidings.campaigns.schemas import CampaignNumbers
    from tidings.orders.schemas import OrderView
    from tidings.products.schemas import ProductView
    from tidings.users.schemas import UserView


class OrdersOf(NamedTuple):
    """A page of one customer's orders."""

    customer_id: str
    page: PageArguments


class Loaders:
    """Loads for one caller; the domains check what the caller may see.

    A domain is imported when something of it is loaded.
    """

    def __init__(self, principal: Principal | None) -> None:
        self._principal = principal
        self.products: DataLoader[str, ProductView] = DataLoader(self._products)
        self.users: DataLoader[str, UserView] = DataLoader(self._users)
        self.orders: DataLoader[OrdersOf, Page[OrderView]] = DataLoader(self._orders)
        self.campaign_numbers: DataLoader[str, CampaignNumbers] = DataLoader(self._campaign_numbers)

    def expect(
        self,
        *,
        products: Iterable[str] = (),
        users: Iterable[str] = (),
        campaign_numbers: Iterable[str] = (),
    ) -> None:
        """Note the keys that the fields of a result may need; forget those of the result before."""
        self.products.expect(products)
        self.users.expect(users)
        self.campaign_numbers.expect(campaign_numbers)

    def _products(self, product_ids: Sequence[str]) -> "Mapping[str, ProductView]":
        from tidings.products.queries import get_products_seen_by

        return get_products_seen_by(self._principal, product_ids)

    def _users(self, user_ids: Sequence[str]) -> "Mapping[str, UserView]":
        from tidings.users.queries import get_users_by_id

        return get_users_by_id(user_ids, caller=require(self._principal, Role.CUSTOMER))

    def _orders(self, wanted: Sequence[OrdersOf]) -> "Mapping[OrdersOf, Page[OrderView]]":
        """Load one page per customer, with one round trip for each distinct page."""
        from tidings.orders.queries import get_orders_of_customers

        caller = require(self._principal, Role.CUSTOMER)
        found: dict[OrdersOf, Page[OrderView]] = {}
        for page in {each.page for each in wanted}:
            ids = [each.customer_id for each in wanted if each.page == page]
            pages = get_orders_of_customers(ids, page, caller=caller)
            found |= {OrdersOf(customer_id, page): each for customer_id, each in pages.items()}
        return found

    def _campaign_numbers(self, campaign_ids: Sequence[str]) -> "Mapping[str, CampaignNumbers]":
        from tidings.campaigns.queries import numbers_of_campaigns

        return numbers_of_campaigns(campaign_ids)
