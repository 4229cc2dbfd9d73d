"""Everything that is kept of one person, for that person."""

from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel, Field

from tidings.notifications.queries import get_user_notifications
from tidings.notifications.schemas import NotificationView
from tidings.orders.queries import get_orders
from tidings.orders.schemas import OrderFilter, OrderView
from tidings.platform.auth import Principal, Role
from tidings.platform.errors import Forbidden
from tidings.platform.pagination import MAX_PAGE_SIZE, Page, PageRequest
from tidings.tasks.queries import get_tasks
from tidings.tasks.schemas import TaskView
from tidings.users.push_tokens import get_push_tokens
from tidings.users.queries import get_user
from tidings.users.schemas import PushTokenView, UserView

# Lambda answers with 6 MB at most.
MAX_OF_EACH: Final = 1000


class PersonExport(BaseModel):
    """What is kept of a person; the newest first."""

    profile: UserView
    push_tokens: list[PushTokenView]
    orders: list[OrderView]
    tasks: list[TaskView]
    notifications: list[NotificationView]
    complete: bool = Field(description=f"false where more than {MAX_OF_EACH} of a kind are kept")


def export_user(user_id: str, *, caller: Principal) -> PersonExport:
    """Collect what is kept of a person, as they may see it themself.

    Raises:
        Forbidden: it is somebody else's, and the caller is no administrator.
        UserNotFound: there is none.
    """
    if caller.user_id != user_id and not caller.role.includes(Role.ADMIN):
        raise Forbidden("This belongs to somebody else.")
    person = Principal(user_id=user_id, role=Role.CUSTOMER)
    profile = get_user(user_id, caller=person)
    mine = OrderFilter(customer_id=user_id)
    orders, all_orders = _every(lambda page: get_orders(page, mine, caller=person))
    tasks, all_tasks = _every(lambda page: get_tasks(page, caller=person))
    told, all_told = _every(lambda page: get_user_notifications(user_id, page, caller=person))
    return PersonExport.model_construct(
        profile=profile,
        push_tokens=get_push_tokens(user_id, caller=person),
        orders=orders,
        tasks=tasks,
        notifications=told,
        complete=all_orders and all_tasks and all_told,
    )


def _every(page_of: Callable[[PageRequest], Page[Any]]) -> tuple[list[Any], bool]:
    """Return the items of all pages, and whether that is all there is."""
    page = page_of(PageRequest(limit=MAX_PAGE_SIZE, page=1, after=None))
    found = list(page.items)
    while page.has_next and len(found) < MAX_OF_EACH:
        page = page_of(PageRequest(limit=MAX_PAGE_SIZE, page=1, after=page.cursors[-1]))
        found += page.items
    return found, not page.has_next
