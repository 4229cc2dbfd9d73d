"""Samples: operators get a message that recipients would get, marked as a test."""

from collections.abc import Mapping
from typing import Any, Final

from tidings.delivery.errors import NothingToSay
from tidings.delivery.models import Channel, Priority
from tidings.delivery.planning import ACCOUNT, INBOX
from tidings.notifications.drafting import NotificationContent
from tidings.platform.context import correlation_id
from tidings.templates.current import parts_of

# Of those that a template has; a text message costs money.
CHANNELS: Final = frozenset({INBOX, Channel.EMAIL.value, Channel.PUSH.value})


def sample_of(
    template_code: str,
    variables: Mapping[str, Any],
    *,
    kind: str,
    language: str,
    subject_id: str,
    request_id: str,
) -> NotificationContent:
    """Return the content of samples; each operator gets it once for each request.

    It is news for the operator's work, so that preferences, digest and quiet hours for the
    recipients' category do not apply.

    Raises:
        TemplateNotFound: the template does not exist.
        NothingToSay: the template has no mail, no push message and no text for the inbox.
    """
    channels = CHANNELS & parts_of(template_code)
    if not channels:
        raise NothingToSay
    return NotificationContent(
        kind=kind,
        category=ACCOUNT,
        transactional=True,
        priority=Priority.URGENT,
        template_code=template_code,
        variables=variables,
        subject_id=subject_id,
        dedupe=f"test:{request_id}",
        event_id=request_id,
        correlation_id=correlation_id(),
        channels=channels,
        sample_language=language,
    )
