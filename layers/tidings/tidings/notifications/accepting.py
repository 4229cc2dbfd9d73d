"""Accept messages of the send API: check them, store those that are right, in few commands.

Checks come before writes, so that a refused message leaves nothing. A process that dies between two
writes leaves send requests without a notification; the repeated request completes them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.errors import NothingToSay
from tidings.delivery.models import Notification
from tidings.delivery.planning import ACCOUNT
from tidings.notifications import send_requests
from tidings.notifications.creating import MAX_RECIPIENTS, store
from tidings.notifications.drafting import NotificationContent, draft
from tidings.notifications.errors import (
    NotInTeam,
    RequestIdReused,
    SendAtOutOfRange,
    UnknownRecipient,
    UnknownTemplate,
)
from tidings.notifications.schemas import NotificationType
from tidings.notifications.send_requests import Known, Message
from tidings.platform.context import correlation_id
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.security.auth import Principal
from tidings.platform.security.limits import Part
from tidings.templates.current import carries_code, category_of, current_versions, parts_of
from tidings.templates.errors import CodeTemplate
from tidings.users.contacts import Contact, get_contacts
from tidings.users.service_kinds import ServiceKind
from tidings.users.service_rights import SendingRights, rights_of

# A time that is at most this long past means now, because clocks differ and requests take time.
LATEST_PAST: Final = timedelta(minutes=5)
FURTHEST_AHEAD: Final = timedelta(days=90)

# The id of a message's notification, or why there is none.
Outcome = str | Exception
Outcomes = dict[str, Outcome]
# Counts messages, and returns the part of them that the limit allows.
Allow = Callable[[int], Part]


@dataclass(frozen=True)
class _Terms:
    """What holds for all messages of a request.

    Args:
        rights: the people that the caller may reach.
        known: the send requests that were stored before.
        at: the time of the request.
    """

    rights: SendingRights
    known: Known
    at: datetime


def accept(
    messages: Sequence[Message], caller: Principal, allow: Allow, at: datetime
) -> list[Outcome]:
    """Accept messages of a caller; return the outcome of each in the same order.

    A message whose request id is there twice has one outcome. With another content it is refused,
    also if the first one is.

    Raises:
        TidingsError: a service that all messages need does not answer.
        pymongo.errors.PyMongoError: MongoDB failed; the repeated request completes this one.
    """
    first: dict[str, Message] = {}
    for each in messages:
        first.setdefault(each.key, each)
    outcomes = _accept_each(list(first.values()), caller, allow, at)
    return [
        outcomes[each.key]
        if each.content_digest == first[each.key].content_digest
        else RequestIdReused()
        for each in messages
    ]


def _accept_each(
    messages: Sequence[Message], caller: Principal, allow: Allow, at: datetime
) -> Outcomes:
    """Accept messages that all have request ids of their own."""
    known = send_requests.find([each.key for each in messages])
    outcomes, waiting = _sorted(messages, known)
    part = allow(len(waiting))
    refused = waiting[part.allowed :]
    outcomes |= {each.key: RateLimited(part.seconds_left) for each in refused}
    if waiting := waiting[: part.allowed]:
        terms = _Terms(rights_of(caller), known, at)
        for start in range(0, len(waiting), MAX_RECIPIENTS):
            outcomes |= _send(waiting[start : start + MAX_RECIPIENTS], terms)
    return outcomes


def _sorted(messages: Iterable[Message], known: Known) -> tuple[Outcomes, list[Message]]:
    """Return the outcomes of repeated messages, and all messages that must be sent."""
    outcomes, waiting = Outcomes(), []
    for each in messages:
        stored = known.get(each.key)
        if stored is None:
            waiting.append(each)
        elif stored.content_digest != each.content_digest:
            outcomes[each.key] = RequestIdReused()
        elif stored.notification_id is None:
            waiting.append(each)
        else:
            outcomes[each.key] = stored.notification_id
    return outcomes, waiting


def _send(messages: Sequence[Message], terms: _Terms) -> Outcomes:
    """Check, claim and store some messages. Commands do not grow with their number."""
    drafts, outcomes = _drafts(messages, terms)
    _release(outcomes, terms.known)
    drafted = [each for each in messages if each.key in drafts]
    new = [each for each in drafted if each.key not in terms.known]
    theirs = send_requests.claim(new, terms.at)
    faster, ours = _sorted(drafted, theirs)
    created = store([drafts[each.key] for each in ours])
    stored = {each.key: created[drafts[each.key].dedupe_key].notification_id for each in ours}
    send_requests.complete(stored)
    return outcomes | faster | stored


def _release(outcomes: Outcomes, known: Known) -> None:
    """Free the ids of interrupted messages that are refused now, for corrected ones."""
    refused = {key for key, each in outcomes.items() if isinstance(each, TidingsError)}
    send_requests.release(refused & known.keys())


def _drafts(messages: Sequence[Message], terms: _Terms) -> tuple[dict[str, Notification], Outcomes]:
    """Return the notifications to store, and why other messages have none."""
    versions = current_versions({each.wanted.template_code for each in messages})
    people = get_contacts({each.wanted.user_id for each in messages}, may_be_kept=True)
    drafts, refused = dict[str, Notification](), Outcomes()
    # By templates, because a process keeps only some of them.
    for each in sorted(messages, key=lambda message: message.wanted.template_code):
        try:
            _check(each, terms)
            drafts[each.key] = _draft(each, terms, versions, people)
        except PyMongoError:
            raise
        except Exception as error:
            if isinstance(error, TidingsError) and error.retryable:
                raise
            refused[each.key] = error
    return drafts, refused


def _check(message: Message, terms: _Terms) -> None:
    if message.key not in terms.known:
        _check_time(message.wanted.send_at, terms.at)
    # Before the template and the account, so that the refusal does not tell whether these exist.
    if not terms.rights.reaches(message.wanted.user_id):
        raise NotInTeam


def _draft(
    message: Message, terms: _Terms, versions: Mapping[str, int], people: Mapping[str, Contact]
) -> Notification:
    wanted = message.wanted
    version = versions.get(wanted.template_code)
    if version is None:
        raise UnknownTemplate
    _check_template(wanted.template_code, version, wanted.notification_type)
    contact = people.get(wanted.user_id)
    if contact is None:
        raise UnknownRecipient
    return draft(contact, _content(message, terms, version), version, terms.at)


def _content(message: Message, terms: _Terms, version: int) -> NotificationContent:
    wanted = message.wanted
    category = category_of(wanted.template_code, version)
    return NotificationContent(
        kind=wanted.template_code,
        category=category,
        template_code=wanted.template_code,
        variables=wanted.variables,
        subject_id=wanted.request_id,
        dedupe=f"send:{message.key}",
        event_id=message.key,
        correlation_id=correlation_id(),
        channels=frozenset({wanted.notification_type.value}),
        priority=wanted.priority,
        send_at=wanted.send_at,
        # Messages that cannot be switched off do not wait for a digest either.
        transactional=category == ACCOUNT,
        metadata=wanted.metadata,
        simulated=terms.rights.kind is ServiceKind.TEST,
        callback_to=terms.rights.callback_to,
    )


def _check_time(send_at: datetime | None, at: datetime) -> None:
    if send_at and not at - LATEST_PAST <= send_at <= at + FURTHEST_AHEAD:
        raise SendAtOutOfRange(FURTHEST_AHEAD.days)


def _check_template(code: str, version: int, channel: NotificationType) -> None:
    if carries_code(code, version):
        raise CodeTemplate
    # A webhook gets the text of another channel.
    if channel not in parts_of(code, version) | {NotificationType.WEBHOOK}:
        raise NothingToSay
