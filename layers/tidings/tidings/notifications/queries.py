"""What can be asked about notifications."""

from tidings.notifications.models import Notification
from tidings.notifications.schemas import NotificationView
from tidings.platform.auth import Principal, require_self
from tidings.platform.pagination import Page, PageRequest, paginate


def get_user_notifications(
    user_id: str, page: PageRequest, *, caller: Principal, unread_only: bool = False
) -> Page[NotificationView]:
    """Return a page of a person's inbox, newest first.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
    """
    require_self(caller, user_id)
    inbox = Notification.objects(user_id=user_id, in_inbox=True)
    if unread_only:
        inbox = inbox.filter(read_at=None)
    return paginate(inbox, page).map(NotificationView.model_validate)


def count_unread(user_id: str, *, caller: Principal) -> int:
    """Return how many notifications of a person are unread.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
    """
    require_self(caller, user_id)
    return int(Notification.objects(user_id=user_id, in_inbox=True, read_at=None).count())
