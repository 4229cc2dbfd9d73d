"""The send API: messages to people, each accepted once for its request id."""

from collections.abc import Sequence
from datetime import datetime

from tidings.notifications.accepting import Outcome, accept
from tidings.notifications.errors import NotInTeam, RequestIdReused, UnknownRecipient
from tidings.notifications.schemas import (
    AcceptedNotification,
    MalformedMessage,
    MessageAnswer,
    MessageRefusal,
    RefusalDetail,
    SendNotification,
    SendNotifications,
    SentNotifications,
)
from tidings.notifications.send_requests import Message
from tidings.platform import acts
from tidings.platform.auditing.recording import Recording
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.refusals import UNEXPECTED, refusal_of
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.security.limits import Limit, Part
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now


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
    (outcome,) = _accept([wanted], caller, at)
    if isinstance(outcome, Exception):
        raise outcome
    logger.info("notification accepted", notification_id=outcome)
    return AcceptedNotification(id=outcome, request_id=wanted.request_id)


@operation(
    role=Role.OPERATOR,
    services=True,
    refuses=(RateLimited,),
    recording=Recording.ROUTINE,
    note="each message has an answer of its own",
)
def send_notifications(
    wanted: SendNotifications, *, caller: Principal, at: datetime | None = None
) -> SentNotifications:
    """Accept up to 1,000 messages, each as `send_notification` does by itself.

    A refused message does not prevent the others. If the request is repeated, also in part or
    concurrently, nothing is sent again; a request that was interrupted is completed. If the
    caller's limit is reached, the last messages are refused.

    Raises:
        Forbidden: the caller is neither an operator nor a service.
        RateLimited: the caller's limit was reached before; no message was looked at.
    """
    require(caller, Role.OPERATOR, services=True)
    well_formed = [each for each in wanted.notifications if isinstance(each, SendNotification)]
    outcomes = iter(_accept(well_formed, caller, at))
    answers = [
        _refused(each.request_id, each.error)
        if isinstance(each, MalformedMessage)
        else _answer(each.request_id, next(outcomes))
        for each in wanted.notifications
    ]
    _tell(wanted, answers)
    accepted, refused = _numbers(answers)
    return SentNotifications(accepted=accepted, refused=refused, answers=answers)


def _accept(
    wanted: Sequence[SendNotification], caller: Principal, at: datetime | None
) -> list[Outcome]:
    """Accept messages if the caller's limit allows; a call counts as one message at least."""
    limit = Limit("sends", settings().sends_per_minute, 60)
    limit.take_if_counted(caller.user_id)

    def allow(messages: int) -> Part:
        if messages <= 1:  # counted above
            return Part(messages, 0)
        further = limit.part_allowed(caller.user_id, messages - 1)
        return further._replace(allowed=1 + further.allowed)

    messages = [Message.of(each, caller.user_id) for each in wanted]
    return accept(messages, caller, allow, at or now())


def _answer(request_id: str, outcome: Outcome) -> MessageAnswer:
    if isinstance(outcome, Exception):
        return _refused(request_id, outcome)
    return MessageAnswer(status="accepted", id=outcome, request_id=request_id, error=None)


def _refused(request_id: str | None, error: Exception) -> MessageAnswer:
    if isinstance(error, TidingsError):
        refusal = refusal_of(error)
    else:
        logger.error("message not accepted: unexpected error", exc_info=error)
        refusal = UNEXPECTED
    told = MessageRefusal(
        code=refusal.code,
        message=refusal.message,
        details=[RefusalDetail(**each) for each in refusal.details],
        retry_after=refusal.retry_after,
    )
    return MessageAnswer(status="refused", id=None, request_id=request_id, error=told)


def _tell(wanted: SendNotifications, answers: Sequence[MessageAnswer]) -> None:
    """Tell log and audit trail what the request did."""
    for message, answer in zip(wanted.notifications, answers, strict=True):
        if answer.id is not None and isinstance(message, SendNotification):
            acts.concerns("notification", answer.id)
            acts.concerns("user", message.user_id)
    accepted, refused = _numbers(answers)
    acts.changed(after={"accepted": accepted, "refused": refused})
    logger.info("messages accepted or refused", accepted=accepted, refused=refused)


def _numbers(answers: Sequence[MessageAnswer]) -> tuple[int, int]:
    """Return the numbers of accepted and of refused messages."""
    accepted = sum(each.id is not None for each in answers)
    return accepted, len(answers) - accepted
