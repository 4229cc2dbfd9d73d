"""Change the text of notifications that may be sent already."""

import json
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from tidings.delivery import inbox_signals, status
from tidings.delivery.errors import NothingToSay
from tidings.delivery.inbox_signals import Changed
from tidings.delivery.messages import NO_TEXT, marked, text_for, variables_for
from tidings.delivery.models import Channel, DeliveryStatus, Notification
from tidings.delivery.planning import INBOX
from tidings.delivery.states import command_for
from tidings.delivery.status import NotificationStatus
from tidings.notifications.cancelling import is_sender, status_of_existing
from tidings.notifications.drafting import title_of
from tidings.notifications.errors import (
    NotificationNotFound,
    NotificationRetracted,
    RevisionReused,
    UnknownTemplate,
)
from tidings.notifications.schemas import UpdateNotification
from tidings.platform import acts
from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.messaging.outbox import stored_entry
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.security.limits import Limit
from tidings.platform.settings import settings
from tidings.platform.storage.once import digest_of
from tidings.platform.timing.clock import now
from tidings.templates.content import Rendered
from tidings.templates.current import carries_code, current_version
from tidings.templates.errors import CodeTemplate, RenderingFailed, TemplateNotFound
from tidings.users.contacts import Contact, get_contacts

NOT_SENT: frozenset[str] = frozenset({DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED})


@operation(
    role=Role.OPERATOR,
    services=True,
    refuses=(
        NotificationNotFound,
        NotificationRetracted,
        RevisionReused,
        UnknownTemplate,
        CodeTemplate,
        NothingToSay,
        RenderingFailed,
        RateLimited,
    ),
    note="a service only what it sent",
)
def update_notification(
    notification_id: str,
    wanted: UpdateNotification,
    *,
    caller: Principal,
    at: datetime | None = None,
) -> NotificationStatus:
    """Replace the text of a notification, also after it was sent. Safe to repeat.

    Its template, in the current version, is rendered with the new variables. The inbox shows the
    new text, what waits gets it, and a push is sent again, which replaces the first one on the
    device, unless the reader has seen the message. Other messages that have left stay as they are.
    An update with a lower revision than the last one is ignored.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        RateLimited: the caller sends too many messages.
        NotificationNotFound: it does not exist, or the calling service did not send it.
        NotificationRetracted: it was retracted.
        RevisionReused: the revision was used for another text.
        UnknownTemplate: its template does not exist any more.
        CodeTemplate: it contains a one-time code.
        NothingToSay: the template has no content for one of its channels any more.
        RenderingFailed: the variables do not fit the template.
    """
    require(caller, Role.OPERATOR, services=True)
    # A push may be sent.
    Limit("sends", settings().sends_per_minute, 60).take_if_counted(caller.user_id)
    digest = digest_of(json.dumps(wanted.model_dump(mode="json"), sort_keys=True))
    found = _found(notification_id, caller)
    while _is_news(found, wanted.revision, digest):
        if _store(found, wanted, digest, at or now()):
            acts.changed({"revision": found.revision}, {"revision": wanted.revision})
            logger.info("notification updated", notification_id=notification_id)
            break
        found = _found(notification_id, caller)  # another update or a retraction was faster
    status.forget([notification_id])
    # Also if it is repeated: the process may have died before the signal.
    inbox_signals.announce([Changed(found.user_id, notification_id)])
    return status_of_existing(notification_id)


def _found(notification_id: str, caller: Principal) -> Notification:
    found: Notification | None = Notification.objects(pk=notification_id).first()
    if found is None or not is_sender(notification_id, caller):
        raise NotificationNotFound
    return found


def _is_news(found: Notification, revision: int, digest: str) -> bool:
    """Say whether an update is to be stored; a repeated or an older one is not.

    Raises:
        RevisionReused: the stored one has the same revision and another text.
        NotificationRetracted: it is newer, but the notification was retracted.
    """
    known = found.revision or 0
    if revision == known and digest != found.revision_digest:
        raise RevisionReused
    if revision <= known:
        return False
    if found.retracted_at is not None:
        raise NotificationRetracted
    return True


def _store(found: Notification, wanted: UpdateNotification, digest: str, at: datetime) -> bool:
    """Store the new text, with a command for the push; return False if it changed meanwhile."""
    contact = get_contacts([found.user_id]).get(found.user_id)
    if contact is None:
        raise NotificationNotFound
    version = _version(found)
    rendered = _rendered(found, wanted, version, contact)
    _check_channels(found, rendered)
    changed: dict[str, Any] = {
        "title": title_of(rendered, carries_code=False),
        "body": rendered.inbox_body or "",
        "variables": wanted.variables,
        "template_version": version,
        "language": _language(found, contact),
        "revision": wanted.revision,
        "revision_digest": digest,
        "updated_at": at,
    }
    if wanted.metadata is not None:
        changed["metadata"] = wanted.metadata
    update: dict[str, Any] = {"$set": changed}
    push = found.deliveries.get(Channel.PUSH.value)
    if push is not None and push.status not in NOT_SENT:
        # The consumer decides: it may be sending the former text at this moment.
        command = stored_entry(command_for(found, Channel.PUSH))
        update["$push"] = {"outbox": {"$each": [command]}}
    unchanged = {"_id": found.id, "revision": found.revision, "retracted_at": None}
    stored = Notification._get_collection().find_one_and_update(
        unchanged, update, return_document=ReturnDocument.AFTER
    )
    if stored is not None:
        outbox.note_stored(Notification._from_son(stored))
    return stored is not None


def _version(found: Notification) -> int:
    """Return the current version of a notification's template."""
    if found.carries_code:
        raise CodeTemplate
    try:
        version = current_version(found.template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    if carries_code(found.template_code, version):
        raise CodeTemplate
    return version


def _rendered(
    found: Notification, wanted: UpdateNotification, version: int, contact: Contact
) -> Rendered:
    # Jinja is imported with the first message that is rendered.
    from tidings.templates import rendering

    rendered = rendering.render(
        found.template_code,
        version=version,
        language=_language(found, contact),
        variables=variables_for(contact, wanted.variables),
    )
    return marked(rendered) if found.is_sample else rendered


def _language(found: Notification, contact: Contact) -> str:
    return str(found.language) if found.is_sample else contact.preferences.language


def _check_channels(found: Notification, rendered: Rendered) -> None:
    """Refuse a text that leaves a channel of the notification empty."""
    for name, delivery in found.deliveries.items():
        if delivery.status in NOT_SENT:
            continue
        has_text = (
            bool(rendered.inbox_title)
            if name == INBOX
            else text_for(Channel(name), rendered) != NO_TEXT
        )
        if not has_text:
            raise NothingToSay
