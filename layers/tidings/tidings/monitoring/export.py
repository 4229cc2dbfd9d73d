"""Export all data about one person for that person."""

from collections.abc import Callable
from typing import Any, Final

from pydantic import Field

from tidings.delivery.responding import get_mail_responses
from tidings.delivery.schemas import MailResponseView, UnsubscriptionView
from tidings.delivery.unsubscribe import get_unsubscriptions
from tidings.notifications.queries import ToldView, get_stored_notifications
from tidings.orders.baskets import get_basket
from tidings.orders.queries import get_orders
from tidings.orders.schemas import BasketView, OrderFilter, OrderView
from tidings.platform.errors import Forbidden
from tidings.platform.operation import Whose, operation
from tidings.platform.schema import Schema
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.pagination import MAX_PAGE_SIZE, Page, PageRequest
from tidings.products.schemas import StockSubscriptionView
from tidings.products.subscribing import get_stock_subscriptions
from tidings.recommendations.queries import get_user_activity, get_user_recommendations
from tidings.recommendations.schemas import ActivityView, RecommendationsView
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import TaskView
from tidings.users.contact_points import ContactPoints, get_contact_points
from tidings.users.errors import UserNotFound
from tidings.users.push_tokens import get_push_tokens
from tidings.users.queries import get_user
from tidings.users.schemas import PushTokenView, UserView
from tidings.vouchers.queries import vouchers_of
from tidings.vouchers.schemas import VoucherView

# Lambda's response is limited to 6 MB.
MAX_OF_EACH: Final = 1000


class PersonExport(Schema):
    """The data about a person, newest first."""

    profile: UserView
    contact_points: ContactPoints
    push_tokens: list[PushTokenView]
    orders: list[OrderView]
    basket: BasketView
    vouchers: list[VoucherView] = Field(description="for this person only")
    stock_subscriptions: list[StockSubscriptionView] = Field(
        description="products that the person waits for"
    )
    tasks: list[TaskView]
    activity: list[ActivityView]
    recommendations: RecommendationsView
    notifications: list[ToldView] = Field(description="all channels, with their deliveries")
    campaigns: list[str] = Field(description="ids of the campaigns of these notifications")
    unsubscriptions: list[UnsubscriptionView]
    mail_responses: list[MailResponseView] = Field(
        description="opens and clicks of campaigns' mails, if the person agreed to record them"
    )
    complete: bool = Field(description=f"false if more than {MAX_OF_EACH} of a kind exist")


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_ADMIN, refuses=(UserNotFound,), writes=False)
def export_user(user_id: str, *, caller: Principal) -> PersonExport:
    """Collect the data about a person that the person may see.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an administrator.
        UserNotFound: the account does not exist.
    """
    if caller.user_id != user_id and not caller.role.includes(Role.ADMIN):
        raise Forbidden("This belongs to another user.")
    person = Principal(user_id=user_id, role=Role.CUSTOMER)
    profile = get_user(user_id, caller=person)
    mine = OrderFilter(customer_id=user_id)
    orders, all_orders = _every(lambda page: get_orders(page, mine, caller=person))
    tasks, all_tasks = _every(lambda page: get_tasks(page, caller=person))
    vouchers = vouchers_of(user_id, MAX_OF_EACH + 1)
    waits, all_waits = _every(lambda page: get_stock_subscriptions(page, caller=person))
    told, all_told = _every(lambda page: get_stored_notifications(user_id, page, caller=person))
    deeds, all_deeds = _every(lambda page: get_user_activity(user_id, page, caller=person))
    return PersonExport.model_construct(
        profile=profile,
        contact_points=get_contact_points(user_id, caller=person),
        push_tokens=get_push_tokens(user_id, caller=person),
        orders=orders,
        basket=get_basket(caller=person),
        vouchers=vouchers[:MAX_OF_EACH],
        stock_subscriptions=waits,
        tasks=tasks,
        activity=deeds,
        recommendations=get_user_recommendations(user_id, MAX_PAGE_SIZE, caller=person),
        notifications=told,
        campaigns=sorted({each.campaign_id for each in told if each.campaign_id}),
        unsubscriptions=get_unsubscriptions(user_id, caller=person),
        mail_responses=get_mail_responses(user_id, caller=person),
        complete=all_orders
        and all_tasks
        and all_told
        and all_waits
        and all_deeds
        and len(vouchers) <= MAX_OF_EACH,
    )


def _every(page_of: Callable[[PageRequest], Page[Any]]) -> tuple[list[Any], bool]:
    """Return the items of all pages, and whether they are complete."""
    page = page_of(PageRequest(limit=MAX_PAGE_SIZE, page=1, after=None))
    found = list(page.items)
    while page.has_next and len(found) < MAX_OF_EACH:
        page = page_of(PageRequest(limit=MAX_PAGE_SIZE, page=1, after=page.cursors[-1]))
        found += page.items
    return found, not page.has_next
