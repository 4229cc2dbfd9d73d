"""Failed messages: search, and one message with its payload, its attempts and its acts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tidings.monitoring.editing import editable_fields
from tidings.monitoring.errors import FailedMessageNotFound
from tidings.monitoring.models import FailedState
from tidings.monitoring.queries import get_failed_messages
from tidings.monitoring.schemas import FailedMessageFilter, FailedMessageView
from tidings.platform.inputs.parsing import parsed
from tidings.platform.storage.pagination import PageRequest
from web.views import View
from web.visits import Visit

FILTERS: Final = ("error", "queue", "type", "state", "correlation_id", "message_id")
STATES: Final = tuple(each.value for each in FailedState)
KINDS: Final = {"failed": "bad", "redriving": "wait", "redriven": "good", "discarded": "off"}
EACH_STATE: Final = "all"
PER_PAGE: Final = 25


def show(visit: Visit) -> View:
    """Return the list, by default of the messages that wait for an operator."""
    asked = {name: visit.asked(name) for name in FILTERS if visit.asked(name)}
    asked.setdefault("state", FailedState.FAILED.value)
    page = get_failed_messages(
        parsed(PageRequest, {"limit": PER_PAGE, "after": visit.asked("after") or None}),
        caller=visit.caller,
        wanted=filter_of(asked),
    )
    following = page.cursors[-1] if page.has_next else None
    values = {
        "asked": asked,
        "states": (*STATES, EACH_STATE),
        "kinds": KINDS,
        "messages": page,
        "first": visit.link("failed-messages", **asked),
        "following": following and visit.link("failed-messages", **asked, after=following),
    }
    return View("failed_messages.html", visit.texts("failed_messages.title"), values)


def filter_of(asked: Mapping[str, str]) -> FailedMessageFilter:
    """Return the filter that these fields name.

    Raises:
        InvalidFields: one of them cannot be used.
    """
    named = {name: value for name, value in asked.items() if name in FILTERS and value}
    if named.get("state") == EACH_STATE:
        del named["state"]
    return parsed(FailedMessageFilter, named)


def show_one(visit: Visit) -> View:
    """Return the page of one message."""
    message = message_of(visit)
    values: dict[str, Any] = {
        "message": message,
        "kinds": KINDS,
        "fields": editable_fields(message.type),
        "attempts": [(each, _time(each.at)) for each in message.history],
    }
    return View("failed_message.html", visit.texts("failed_message.title"), values)


def _time(text: str) -> datetime | None:
    """Return the time that a consumer wrote into the message's history."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def message_of(visit: Visit) -> FailedMessageView:
    """Return the message that the path names.

    Raises:
        FailedMessageNotFound: it does not exist.
    """
    wanted = parsed(FailedMessageFilter, {"id": visit.path["message_id"]})
    found = get_failed_messages(
        parsed(PageRequest, {"limit": 1}), caller=visit.caller, wanted=wanted
    )
    if not found.items:
        raise FailedMessageNotFound
    return found.items[0]
