"""Telling people something: each once, in the inbox and by the channels that they want."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tidings.notifications.drafting import (
    KEPT_FOR,
    Telling,
    command_for,
    draft,
    draft_failed,
)
from tidings.notifications.models import Notification
from tidings.notifications.words import Words
from tidings.platform import outbox
from tidings.platform.clock import now
from tidings.platform.errors import TidingsError
from tidings.platform.logging import logger
from tidings.users.contact_points import Contact, get_contacts

__all__ = ["KEPT_FOR", "MAX_TOLD", "Telling", "Told", "command_for", "tell"]

MAX_TOLD: Final = 500


class Told(NamedTuple):
    """A person's notification; `is_new` is False where they were told before."""

    notification_id: str
    is_new: bool


def tell(
    user_ids: Iterable[str],
    telling: Telling,
    *,
    at: datetime | None = None,
    one_of_many: bool = False,
) -> dict[str, Told]:
    """Store a notification for each of at most 500 people, with the commands that deliver it.

    The number of database commands does not grow with the number of people. Who has no
    account (any more) is left out of the answer. Whom alone it cannot be worded for, their
    deliveries have failed, with the reason, and the others are told.

    Args:
        one_of_many: this is a chunk of a crowd; where nobody else is in it, also one person's
            failure is theirs alone.

    Raises:
        TidingsError: there is no such template, or it cannot be rendered for anybody.
    """
    wanted = list(dict.fromkeys(user_ids))
    if len(wanted) > MAX_TOLD:
        raise ValueError(f"Tell at most {MAX_TOLD} people at once.")
    people = get_contacts(wanted)
    if not people:
        return {}
    words = Words(telling.template_code)
    moment = at or now()
    documents = _drafts(list(people.values()), telling, words, moment, one_of_many)
    known = _known(outbox.insert_all(Notification, documents))
    logger.info(
        "people told", kind=telling.kind, stored=len(documents) - len(known), known=len(known)
    )
    fresh = {each.user_id: Told(each.id, True) for each in documents}
    return fresh | known


def _drafts(
    people: Sequence[Contact], telling: Telling, words: Words, at: datetime, one_of_many: bool
) -> list[Notification]:
    documents, failures = [], list[TidingsError]()
    for each in people:
        try:
            documents.append(draft(each, telling, words, at))
        except TidingsError as error:
            if error.retryable:
                raise
            failures.append(error)
            logger.warning("a person's words failed", user_id=each.user_id, reason=repr(error))
            documents.append(draft_failed(each, telling, type(error).__name__, at))
    # Then it is the template, or what it was told: nobody shall count as told.
    if len(failures) == len(people) and not (one_of_many and len(people) == 1):
        raise failures[0]
    return documents


def _known(refused: list[Notification]) -> dict[str, Told]:
    if not refused:
        return {}
    keys = [each.dedupe_key for each in refused]
    found = Notification.objects(dedupe_key__in=keys).only("user_id").batch_size(MAX_TOLD + 1)
    return {each.user_id: Told(each.id, False) for each in found}
