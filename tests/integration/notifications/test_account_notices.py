"""Changes of an account are notified in its inbox; codes are not."""

import pytest
from notifications.notifications import handler

from tests.integration.builders import CONTEXT, Queues, a_person
from tests.integration.users.people import as_principal, registered, reset_code, verification_code
from tidings.delivery.models import Notification
from tidings.notifications.queries import get_user_notifications
from tidings.platform.messaging.relay import publish_stored
from tidings.platform.security.auth import Role
from tidings.platform.storage.pagination import PageRequest
from tidings.users.models import User
from tidings.users.operations import delete_account, update_user_preferences
from tidings.users.preferences import UpdatePreferences
from tidings.users.registration import verify_email
from tidings.users.roles import promote_to_admin
from tidings.users.schemas import PromoteToAdmin, VerifyEmail

pytestmark = pytest.mark.usefixtures("keys")
QUEUE = "notifications"


def told(user: User) -> list[tuple[str, str]]:
    page = PageRequest.model_validate({"limit": 100})
    inbox = get_user_notifications(user.id, page, caller=a_person(Role.OPERATOR))
    return [(each.kind, each.body) for each in inbox.items]


def deliver(queues: Queues, count: int) -> None:
    """Publish the stored events, and give them to the consumer twice."""
    publish_stored()
    event = queues.event_of(QUEUE, queues.take(QUEUE, count))
    for _ in range(2):
        handler(event, CONTEXT)


def test_account_is_notified_and_its_codes_stay_secret(queues: Queues) -> None:
    user = registered()
    codes = [verification_code(user)]
    deliver(queues, 1)
    verify_email(VerifyEmail(email=user.email, code=codes[0]))
    deliver(queues, 1)
    codes.append(reset_code(user))
    deliver(queues, 1)
    assert [kind for kind, _ in told(user)] == ["user.verified"]
    assert not [code for code in codes if code in str(told(user))]
    assert User.objects.get(pk=user.id).outbox == []


def test_new_accounts_and_changed_preferences_make_no_notification(queues: Queues) -> None:
    user = registered()
    deliver(queues, 1)
    changed = UpdatePreferences(language="de")
    update_user_preferences(user.id, changed, caller=as_principal(user))
    deliver(queues, 1)
    assert told(user) == []
    assert queues.is_empty("failed-messages")


def test_new_administrator_is_notified_in_the_inbox_and_by_mail(queues: Queues) -> None:
    user = registered()
    verify_email(VerifyEmail(email=user.email, code=verification_code(user)))
    promote_to_admin(PromoteToAdmin(email=user.email))
    deliver(queues, 3)
    words = dict(told(user))
    assert "set a new password" in words["user.role_changed"]
    notice = Notification.objects.get(user_id=user.id, kind="user.role_changed")
    assert notice.variables["role"] == "admin"
    assert set(notice.deliveries) == {"inbox", "email"}


def test_deleted_account_has_no_inbox_and_others_keep_theirs(queues: Queues) -> None:
    user, other = registered(), registered()
    for each in (user, other):
        verify_email(VerifyEmail(email=each.email, code=verification_code(each)))
    deliver(queues, 4)
    assert len(told(user)) == len(told(other)) == 1
    delete_account(user.id, caller=as_principal(user))
    deliver(queues, 1)
    assert told(user) == []
    assert len(told(other)) == 1
    assert User.objects.get(pk=user.id).outbox == []
    assert queues.is_empty("failed-messages")
