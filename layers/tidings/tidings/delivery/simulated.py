"""Give simulated messages their outcome in place of a provider, so that nothing leaves.

Everything before and after is as for real ones: planning, claims, status, retries, reports. Their
limits and circuit breakers are not used, because these protect the providers and their cost.
"""

from typing import Final

from pymongo.errors import PyMongoError

from tidings.delivery.errors import TemporaryFailure, Undeliverable
from tidings.delivery.outgoing import OutgoingMessage, Receipt
from tidings.platform.providers.failures import UNAVAILABLE
from tidings.platform.timing.clock import now
from tidings.users.simulated import Outcome, of_address, of_phone, of_token, of_url

PROVIDER: Final = "simulated"
# `recovers` fails this often, and the next attempt is accepted.
FAILED_ATTEMPTS: Final = 2
# The reports about an accepted mail. Other channels have none, so they refuse at once.
REPORTS: Final = {
    Outcome.BOUNCES: ("hard_bounce",),
    Outcome.COMPLAINS: ("delivered", "complaint"),
}
REFUSALS: Final = {
    ("push", Outcome.BOUNCES): "dead_device",
    ("sms", Outcome.BOUNCES): "bad_address",
    ("sms", Outcome.COMPLAINS): "opted_out",
    ("webhook", Outcome.BOUNCES): "refused",
}


def outcome_of(message: OutgoingMessage) -> Outcome | None:
    """Return the outcome of a message that must not leave; None for all others.

    A message of a test key is delivered, unless its recipient is simulated and has another outcome.
    """
    found = _of_recipient(message)
    return found or (Outcome.DELIVERS if message.is_simulated else None)


def answer(message: OutgoingMessage, outcome: Outcome) -> Receipt:
    """Answer as a provider whose recipient has this outcome.

    Raises:
        TemporaryFailure: it fails for a time, or until the last attempt.
        Undeliverable: the recipient cannot be reached.
    """
    if _fails(message, outcome):
        # Of the recipient, because operators cannot do anything about it.
        raise TemporaryFailure(UNAVAILABLE, PROVIDER, of_provider=False, of_recipient=True)
    if reason := REFUSALS.get((message.channel, outcome)):
        raise Undeliverable(reason, PROVIDER)
    # Another attempt has other reports.
    receipt_id = f"{message.notification_id}-{message.attempt}"
    if message.channel == "email":
        _report(message, outcome, receipt_id)
    return Receipt(provider=PROVIDER, provider_message_id=receipt_id, is_final=True)


def _of_recipient(message: OutgoingMessage) -> Outcome | None:
    address = message.address
    match message.channel:
        case "email":
            return of_address(address.email)
        case "sms":
            return of_phone(address.phone)
        case "webhook":
            return of_url(address.webhook_url)
    outcomes = [of_token(each.token) for each in address.devices]
    return outcomes[0] if outcomes and all(outcomes) else None


def _fails(message: OutgoingMessage, outcome: Outcome) -> bool:
    if outcome is Outcome.RECOVERS:
        return message.attempt <= FAILED_ATTEMPTS
    return outcome is Outcome.FAILS


def _report(message: OutgoingMessage, outcome: Outcome, receipt_id: str) -> None:
    """Take the reports that SES would send a moment later.

    Their events are published at the end of the invocation, after the acceptance is recorded. If
    the process dies between, they find the delivery in another status, as real reports may.
    """
    # Imported with the first simulated mail: real ones do not need the models of reports.
    from tidings.delivery import feedback
    from tidings.delivery.schemas import MailFeedback

    recipient = message.address.email
    for kind in REPORTS.get(outcome, ("delivered",)):
        said = MailFeedback.model_validate(
            {
                "provider": PROVIDER,
                "provider_message_id": receipt_id,
                "kind": kind,
                "recipients": (recipient,) if recipient else (),
                "notification_id": message.notification_id,
                "correlation_id": message.correlation_id,
                "at": now(),
            }
        )
        try:
            feedback.take_mail_feedback(said)
        except PyMongoError as error:  # nothing was sent, so it may be tried again
            raise TemporaryFailure(
                UNAVAILABLE, type(error).__name__, of_provider=False, of_recipient=True
            ) from error
