"""Email, through SMTP servers and Amazon SES in the order that an operator chose."""

from functools import partial
from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.errors import PermanentFailure, TemporaryFailure
from tidings.delivery.mime import Mail, mail_of
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.delivery.suppression import HARD_BOUNCE, suppress
from tidings.platform.logging import logger
from tidings.platform.mail_servers import MailServer
from tidings.platform.providers import ses, smtp
from tidings.platform.providers.deadline import Deadline
from tidings.platform.providers.failover import Provider
from tidings.platform.providers.failures import MISCONFIGURED
from tidings.platform.secrets import providers_of_mails
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now

# Neither SMTP nor SES has a key that identifies a repetition.
IDEMPOTENT: Final = False


def providers(message: OutgoingMessage) -> list[Provider[Receipt]]:
    try:
        servers = providers_of_mails()
    except ValueError as error:
        # Nothing was sent, so the mails wait until the secret is corrected.
        raise TemporaryFailure(MISCONFIGURED, "the secret smtp cannot be used") from error
    return [
        Provider(name=each.name, circuit=each.name, send=partial(_send, message, each))
        for each in servers
    ]


def _send(message: OutgoingMessage, server: MailServer, deadline: Deadline) -> Receipt:
    mail = mail_of(message, mail_from=settings().mail_from, at=now())
    if server.url is not None:
        return Receipt(
            provider=server.name,
            provider_message_id=message.notification_id,
            detail=_by_smtp(server.url, mail, message, deadline),
            is_final=True,
        )
    feedback = settings().mail_configuration_set
    message_id = ses.send(
        mail.raw,
        sender=mail.sender,
        recipient=mail.recipient,
        configuration_set=feedback,
        tags={"notification_id": message.notification_id},
    )
    return Receipt(provider=server.name, provider_message_id=message_id, is_final=not feedback)


def _by_smtp(url: str, mail: Mail, message: OutgoingMessage, deadline: Deadline) -> str:
    """Send by SMTP and return the server's answer.

    If the server does not know the mailbox, the address is suppressed at once: no bounce follows.
    """
    try:
        return smtp.send(
            url, mail.raw, sender=mail.sender, recipient=mail.recipient, deadline=deadline
        )
    except PermanentFailure as failure:
        if failure.reason == smtp.UNKNOWN_RECIPIENT and message.address.email:
            _suppress(message.address.email)
        raise


def _suppress(address: str) -> None:
    """Suppress an address. If MongoDB fails, the next mail to it will suppress it."""
    try:
        suppress(address, HARD_BOUNCE)
    except PyMongoError as error:
        logger.warning("address not suppressed: MongoDB failed", reason=type(error).__name__)
