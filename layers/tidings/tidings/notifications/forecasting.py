"""Forecast the result of redriving messages that make notifications; nothing is stored."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from tidings.notifications.drafting import NotificationContent, draft
from tidings.notifications.events import TellFollowers
from tidings.notifications.following import WAITING, Followed
from tidings.notifications.models import FollowedEvent
from tidings.notifications.rules import RULES
from tidings.platform.errors import TidingsError
from tidings.platform.messaging.events import EVENT_CLASSES, Event
from tidings.platform.messaging.forecast import Forecast, would_fail
from tidings.platform.timing.clock import now
from tidings.products.subscriptions import waiting_for
from tidings.recommendations.followers import followers_of
from tidings.templates.current import current_version
from tidings.users.contacts import get_contacts

# An event fails if its message cannot be rendered for any of its people. So many stand for all.
PEOPLE_TRIED: Final = 3


def forecast_event(event: Event, *, renders: bool) -> Forecast | None:
    """Return the failure of an event whose notification cannot be made."""
    rule = RULES.get(type(event))
    if not renders or rule is None:
        return None
    return forecast_content(rule.audience(event), rule.content(event))


def forecast_followers(command: TellFollowers, *, renders: bool) -> Forecast | None:
    """Return the failure of a chunk of followers whose notifications cannot be made."""
    followed = FollowedEvent.objects(pk=command.data.event_id).first() if renders else None
    if followed is None:
        return None
    event = EVENT_CLASSES[followed.type].model_validate_json(followed.body)
    assert isinstance(event, Followed)
    after = command.data.after_user_id
    product_id = event.data.product_id
    if followed.audience == WAITING:
        people = waiting_for(product_id, after, PEOPLE_TRIED).user_ids
    else:
        people = followers_of(product_id, after, PEOPLE_TRIED, at=event.time).user_ids
    return forecast_content(people, RULES[type(event)].content(event))


def forecast_content(user_ids: Iterable[str], content: NotificationContent) -> Forecast | None:
    """Return the failure of a content that can be drafted for none of the first of these people."""
    failure: Forecast | None = None
    for contact in get_contacts(islice(user_ids, PEOPLE_TRIED), with_devices=False).values():
        try:
            draft(contact, content, current_version(content.template_code), now(), logs=False)
        except TidingsError as error:
            failure = would_fail(error)
        else:
            return None
    return failure
