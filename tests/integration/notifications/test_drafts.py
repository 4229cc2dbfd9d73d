"""A notification is drafted in the form in which mongoengine would store it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.builders import a_reader
from tests.integration.notifications.builders import some_content
from tidings.delivery.models import Notification
from tidings.notifications.drafting import draft, draft_failed
from tidings.platform.storage.rows import Row
from tidings.platform.timing.clock import now
from tidings.users.contacts import Contact, get_contacts


def a_contact(**preferences: Any) -> Contact:
    reader = a_reader(**preferences)
    return get_contacts([reader.user_id])[reader.user_id]


@pytest.mark.parametrize(
    "content",
    [
        some_content(),
        some_content(campaign_id="campaign-1", metadata={"a": 1}, correlation_id="story-1"),
        some_content(send_at=now() + timedelta(days=1)),
        some_content(channels=frozenset({"email"}), transactional=True),
        some_content(channels=frozenset({"inbox", "sms"})),
    ],
    ids=["plain", "campaign", "later", "email only", "sms"],
)
def test_draft_has_the_stored_form_of_a_document(content: Any) -> None:
    contact, at = a_contact(), now()
    for drafted in (draft(contact, content, 1, at), draft_failed(contact, content, "no", at)):
        assert isinstance(drafted, Row)
        assert drafted.stored_form == Notification._from_son(drafted.stored_form).to_mongo()
        Notification._from_son(drafted.stored_form).validate()
