"""The send API: one message to one person, accepted once for each request id."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Final

from mongoengine import NotUniqueError

from tidings.notifications.errors import (
    NothingToSay,
    RequestIdReused,
    SendAtOutOfRange,
    UnknownRecipient,
    UnknownTemplate,
)
from tidings.notifications.models import SendRequest
from tidings.notifications.planning import ACCOUNT
from tidings.notifications.schemas import AcceptedNotification, NotificationType, SendNotification
from tidings.notifications.telling import KEPT_FOR, Telling, tell
from tidings.platform.auth import Principal, Role, require
from tidings.platform.clock import now
from tidings.platform.context import correlation_id
from tidings.platform.errors import TidingsError
from tidings.platform.limits import Limit
from tidings.platform.logging import logger
from tidings.platform.settings import settings
from tidings.templates.errors import TemplateNotFound
from tidings.templates.queries import category_of, parts_of

# Clocks differ, and requests take their time: so much past is now.
LATEST_PAST: Final = timedelta(minutes=5)
FURTHEST_AHEAD: Final = timedelta(days=90)


def send_notification(
    wanted: SendNotification, *, caller: Principal, at: datetime | None = None
) -> AcceptedNotification:
    """Take a message on; what becomes of it is told by its status.

    The same request of the same caller again, also many at once, is answered with what was
    taken on first, and sends nothing. The preferences of its reader hold.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        RateLimited: the caller sends too much.
        RequestIdReused: the caller used this request id for something else.
        SendAtOutOfRange, UnknownRecipient, UnknownTemplate, NothingToSay: so the rules.
        RenderingFailed: the variables do not fit the template.
    """
    require(caller, Role.OPERATOR, services=True)
    Limit("sends", settings().sends_per_minute, 60).take_if_counted(caller.user_id)
    moment = at or now()
    request = _request(wanted, caller, moment)
    if request.notification_id is None:
        try:
            request.notification_id = _tell(request, wanted, moment)
        except TidingsError as error:
            if not error.retryable:  # the id is free for a better request
                SendRequest.objects(pk=request.id, notification_id=None).delete()
            raise
        SendRequest.objects(pk=request.id).update_one(set__notification_id=request.notification_id)
    return AcceptedNotification(id=request.notification_id, request_id=wanted.request_id)


def _request(wanted: SendNotification, caller: Principal, at: datetime) -> SendRequest:
    """Return the request of this id, taken on before or now."""
    key = hashlib.sha256(f"{caller.user_id}:{wanted.request_id}".encode()).hexdigest()
    body = json.dumps(wanted.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    request = SendRequest.objects(pk=key).first() or _claim(key, digest, wanted, caller, at)
    if request.content_digest != digest:
        raise RequestIdReused
    found: SendRequest = request
    return found


def _claim(
    key: str, digest: str, wanted: SendNotification, caller: Principal, at: datetime
) -> SendRequest:
    _check_time(wanted.send_at, at)
    claimed = SendRequest(
        id=key,
        content_digest=digest,
        sender_id=caller.user_id,
        created_at=at,
        # As long as the notification, whose `dedupe_key` is made of this id.
        expires_at=max(wanted.send_at or at, at) + KEPT_FOR,
    )
    try:
        claimed.save(force_insert=True)
    except NotUniqueError:
        found: SendRequest | None = SendRequest.objects(pk=key).first()
        if found is None:  # it was refused meanwhile, and so would this one be
            return claimed
        return found
    return claimed


def _tell(request: SendRequest, wanted: SendNotification, at: datetime) -> str:
    _check_template(wanted)
    category = category_of(wanted.template_code)
    telling = Telling(
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
        # What nobody can switch off waits for no digest either.
        transactional=category == ACCOUNT,
        metadata=wanted.metadata,
    )
    told = tell([wanted.user_id], telling, at=at).get(wanted.user_id)
    if told is None:
        raise UnknownRecipient
    logger.info("notification accepted", notification_id=told.notification_id, new=told.is_new)
    return told.notification_id


def _check_time(send_at: datetime | None, at: datetime) -> None:
    if send_at and not at - LATEST_PAST <= send_at <= at + FURTHEST_AHEAD:
        raise SendAtOutOfRange(FURTHEST_AHEAD.days)


def _check_template(wanted: SendNotification) -> None:
    try:
        parts = parts_of(wanted.template_code)
    except TemplateNotFound:
        raise UnknownTemplate from None
    # A webhook gets the words that the template has for another channel.
    if wanted.notification_type not in parts | {NotificationType.WEBHOOK}:
        raise NothingToSay
