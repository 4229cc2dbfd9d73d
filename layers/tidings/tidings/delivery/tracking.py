"""Track the mails of campaigns for people who agreed to that (responding.py has their calls).

A mail is tracked from the moment when it was sent. Without consent nothing is stored: the mail has
no picture, and its links are as they are. What is stored is deleted when a person withdraws it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from tidings.delivery.models import MailResponse
from tidings.delivery.outgoing import OutgoingMessage
from tidings.platform.logging import logger
from tidings.platform.retention import stored as retention
from tidings.platform.storage import database
from tidings.users.contacts import get_contacts

KEPT_FOR: Final = retention.MAIL_RESPONSES.period


def begin(messages: Sequence[OutgoingMessage], at: datetime) -> None:
    """Store that mails were sent whose opens and clicks are recorded.

    A failure is logged and not raised: the mails were sent, and must not be sent again.
    """
    tracked = [each for each in messages if each.campaign_id is not None]
    if not tracked:
        return
    writes = [
        UpdateOne({"_id": each.notification_id}, {"$setOnInsert": _begun(each, at)}, upsert=True)
        for each in tracked
    ]
    try:
        with database.writing_many(len(writes)):
            MailResponse._get_collection().bulk_write(writes, ordered=False)
        _forget_the_unwilling({each.user_id for each in tracked})
    except PyMongoError as error:
        logger.warning("mails not tracked: MongoDB failed", reason=type(error).__name__)


def follow_consent(user_id: str, changed_at: datetime) -> None:
    """Forget what a person did with mails, if they withdrew their consent at that time.

    A person who agreed again meanwhile keeps what was recorded since.
    """
    contact = get_contacts([user_id], with_devices=False).get(user_id)
    if contact is None or not contact.preferences.tracking:
        forget(user_id)
    else:
        MailResponse.objects(user_id=user_id, mailed_at__lt=changed_at).delete()


def forget(user_id: str) -> None:
    """Delete what a person did with mails."""
    forgotten = MailResponse.objects(user_id=user_id).delete()
    logger.info("opens and clicks deleted", user_id=user_id, mails=forgotten)


def _begun(message: OutgoingMessage, at: datetime) -> dict[str, Any]:
    return {
        "user_id": message.user_id,
        "campaign_id": message.campaign_id,
        **({"variant": message.variant} if message.variant else {}),
        "mailed_at": at,
        "opens": 0,
        "expires_at": at + KEPT_FOR,
    }


def _forget_the_unwilling(user_ids: Iterable[str]) -> None:
    """Forget those who withdrew their consent, or their account, while their mail was sent."""
    wanted = set(user_ids)
    contacts = get_contacts(wanted, with_devices=False)
    willing = {each.user_id for each in contacts.values() if each.preferences.tracking}
    if unwilling := wanted - willing:
        MailResponse.objects(user_id__in=list(unwilling)).delete()
