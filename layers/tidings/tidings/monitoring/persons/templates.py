"""Whether the messages of each kind can be rendered for a person, with real values if there are."""

import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tidings.delivery.messages import variables_for
from tidings.delivery.models import Notification
from tidings.monitoring.persons.schemas import MessageOutlook
from tidings.monitoring.trying.faults import rendered
from tidings.monitoring.trying.schemas import TemplateFault
from tidings.notifications.rules import RULES
from tidings.templates.versions import content_of, read_versions
from tidings.users.contacts import Contact

# The person's latest notifications, among which the latest one of each kind is searched.
SEARCHED: Final = 200
# Processor time of this thread, so that a busy machine still tries all kinds.
SECONDS: Final = 2.0


class Kind(NamedTuple):
    """A kind of message, and the notification whose values are tried."""

    kind: str
    category: str
    template_code: str
    notification_id: str | None


class Tried(NamedTuple):
    """The kinds that were tried; `complete` is false if there was no time for all."""

    messages: list[MessageOutlook]
    complete: bool


def messages_for(contact: Contact) -> Tried:
    """Render the current template of each kind of message, for at most `SECONDS` of CPU time.

    The values are those of the person's latest notification of the kind, or the template's samples.
    Messages with a one-time code are rendered with samples only.
    """
    until, messages = time.thread_time() + SECONDS, list[MessageOutlook]()
    kinds, current = list(_kinds(contact.user_id)), read_versions()
    values = _variables([each.notification_id for each in kinds if each.notification_id])
    for each in kinds:
        if time.thread_time() > until:
            return Tried(messages, complete=False)
        if (version := current.get(each.template_code)) is not None:
            real = values.get(each.notification_id or "")
            messages.append(_tried(each, version, contact, real))
    return Tried(messages, complete=True)


def _kinds(user_id: str) -> Iterator[Kind]:
    """Yield the kinds of the rules, and those that the person got by other ways."""
    latest = _latest(user_id)
    for rule in RULES.values():
        found = latest.pop(rule.kind, None)
        notification_id = found["_id"] if found else None
        yield Kind(rule.kind, rule.category, rule.template, notification_id)
    for kind, found in latest.items():
        yield Kind(kind, found["category"], found["template_code"], found["_id"])


def _latest(user_id: str) -> dict[str, dict[str, Any]]:
    """Return the latest rendered notification of each kind."""
    read = ("kind", "category", "template_code", "template_version", "carries_code")
    found = Notification._get_collection().find({"user_id": user_id}, read)
    latest: dict[str, dict[str, Any]] = {}
    for each in found.sort("_id", -1).limit(SEARCHED):
        # One without a version was not rendered, and has no values.
        if each.get("template_version") and not each.get("carries_code"):
            latest.setdefault(each["kind"], each)
    return latest


def _variables(ids: list[str]) -> dict[str, dict[str, Any]]:
    found = Notification._get_collection().find({"_id": {"$in": ids}}, ("variables",))
    return {each["_id"]: each.get("variables", {}) for each in found}


def _tried(
    kind: Kind, version: int, contact: Contact, real: dict[str, Any] | None
) -> MessageOutlook:
    content = content_of(kind.template_code, version)
    values = variables_for(contact, content.sample_variables if real is None else real)
    language = contact.preferences.language
    made = rendered(kind.template_code, version, language, values)
    return MessageOutlook(
        kind=kind.kind,
        category=kind.category,
        template_code=kind.template_code,
        version=version,
        notification_id=None if real is None else kind.notification_id,
        fault=made if isinstance(made, TemplateFault) else None,
    )
