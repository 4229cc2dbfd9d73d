"""The send API: one message to one person, accepted once for each request id."""

import json
from datetime import datetime, timedelta
from typing import Final

from tidings.delivery.errors import NothingToSay
from tidings.delivery.planning import ACCOUNT
from tidings.notifications.creating import create_notifications
from tidings.notifications.drafting import KEPT_FOR, NotificationContent
from tidings.notifications.errors import (
    NotInTeam,
    RequestIdReused,
    SendAtOutOfRange,
    UnknownRecipient,
    UnknownTemplate,
)
from tidings.notifications.models import SendRequest
from tidings.notifications.schemas import AcceptedNotification, NotificationType, SendNotification
from tidings.platform.auditing.recording import Recording
from tidings.platform.context import correlation_id
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.security.limits import Limit
from tidings.platform.settings import settings
from tidings.platform.storage.once import digest_of, key_id, once
from tidings.platform.timing.clock import now
from tidings.templates.current import carries_code, category_of, parts_of
from tidings.templates.errors import CodeTemplate, TemplateNotFound
from tidings.users.service_kinds import ServiceKind
from tidings.users.service_rights import SendingRights, rights_of

# A time that is at most this long past means now, because clocks differ and requests take time.
LATEST_PAST: Final = timedelta(minutes=5)
FURTHEST_AHEAD: Final = timedelta(days=90)


@operation(
    role=Role.OPERATOR,
    services=True,
    refuses=(RequestIdReused, UnknownRecipient, NotInTeam, RateLimited),
    # Thousands a minute. The send request is the trace of a call whose process died.
    recording=Recording.ROUTINE,
    targets={"result.id": "notification", "wanted.user_id": "user"},
)
def send_notification(
    wanted: SendNotification, *, caller: Principal, at: datetime | None = None
) -> AcceptedNotification:
    """Accept a message for one person; its status has the result.

    If the caller repeats a request, also concurrently, the answer is the first notification and
    nothing more is sent. The recipient's preferences apply.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        RateLimited: the caller sends too many messages.
        RequestIdReused: the caller used this request id for another request.
        SendAtOutOfRange: `send_at` is past, or too far ahead.
        UnknownRecipient: the user does not exist.
        UnknownTemplate: the template does not exist.
        NotInTeam: the calling service may not send to this user.
        NothingToSay: the template has no content for the channel.
        CodeTemplate: the template contains a one-time code.
        RenderingFailed: the variables do not fit the template.
    """
    require(caller, Role.OPERATOR, services=True)
    Limit("sends", settings().sends_per_minute, 60).take_if_counted(caller.user_id)
    moment = at or now()
    request = _request(wanted, caller, moment)
    if request.notification_id is None:
        try:
            request.notification_id = _create(request, wanted, rights_of(caller), moment)
        except TidingsError as error:
            if not error.retryable:  # the caller may use the id for a corrected request
                SendRequest.objects(pk=request.id, notification_id=None).delete()
            raise
        SendRequest.objects(pk=request.id).update_one(set__notification_id=request.notification_id)
    return AcceptedNotification(id=request.notification_id, request_id=wanted.request_id)


def _request(wanted: SendNotification, caller: Principal, at: datetime) -> SendRequest:
    """Return the stored request with this id; store it if it is new."""
    request_id = key_id(caller.user_id, wanted.request_id)
    digest = digest_of(json.dumps(wanted.model_dump(mode="json"), sort_keys=True))

    def claim() -> SendRequest:
        _check_time(wanted.send_at, at)
        claimed = SendRequest(
            id=request_id,
            content_digest=digest,
            sender_id=caller.user_id,
            created_at=at,
            # As long as the notification, because its `dedupe_key` contains this id.
            expires_at=max(wanted.send_at or at, at) + KEPT_FOR,
        )
        claimed.save(force_insert=True)
        return claimed

    found = SendRequest.objects(pk=request_id).first
    request: SendRequest = once(digest, found, claim, reused=RequestIdReused)
    return request


def _create(
    request: SendRequest, wanted: SendNotification, rights: SendingRights, at: datetime
) -> str:
    # Before it is looked up, so that the refusal does not tell whether the user exists.
    if not rights.reaches(wanted.user_id):
        raise NotInTeam
    _check_template(wanted)
    category = category_of(wanted.template_code)
    content = NotificationContent(
        kind=wanted.template_code,
        category=category,
        template_code=wanted.template_code,
        variables=wanted.variables,
        subject_id=wanted.request_id,
        dedupe=f"send:{request.id}",
        event_id=request.id,
        correlation_id=correlation_id(),
        channels=frozenset({wanted.notification_type.value}),
        priority=wanted.priority,
        send_at=wanted.send_at,
        # Messages that cannot be switched off do not wait for a digest either.
        transactional=category == ACCOUNT,
        metadata=wanted.metadata,
        simulated=rights.kind is ServiceKind.TEST,
    )
    created = create_notifications([wanted.user_id], content, at=at).get(wanted.user_id)
    if created is None:
        raise UnknownRecipient
    logger.info(
        "notification accepted", notification_id=created.notification_id, new=created.is_new
    )
    return created.notification_id


def _check_time(send_at: datetime | None, at: datetime) -> None:
    if send_at and not at - LATEST_PAST <= send_at <= at + FURTHEST_AHEAD:
        raise SendAtOutOfRange(FURTHEST_AHEAD.days)


def _check_template(wanted: SendNotification) -> None:
    try:
        parts = parts_of(wanted.template_code)
        if carries_code(wanted.template_code):
            raise CodeTemplate
    except TemplateNotFound:
        raise UnknownTemplate from None
    # A webhook gets the text of another channel.
    if wanted.notification_type not in parts | {NotificationType.WEBHOOK}:
        raise NothingToSay
