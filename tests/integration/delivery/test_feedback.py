"""Tests of the feedback of SES: bounced addresses are suppressed, and announced once."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from delivery.receive_mail_feedback import handler
from pydantic import ValidationError

from tests.integration.builders import CONTEXT, Queues, a_person, at_once
from tidings.delivery.feedback import take_mail_feedback
from tidings.delivery.models import Feedback, Suppression
from tidings.delivery.operations import lift_suppression
from tidings.delivery.schemas import MailFeedback
from tidings.delivery.ses_events import feedback_of
from tidings.delivery.suppression import suppress, suppressed
from tidings.platform.security.auth import Role
from tidings.platform.security.signatures import blind_index
from tidings.platform.timing.clock import new_id, now
from tidings.users.schemas import RegisterUser

OPERATOR = a_person(Role.OPERATOR)
ADA = "Ada.Lovelace@Example.com"
PERSON = {"password": "correct horse", "name": "Ada"}


def told(kind: str, outcome: dict[str, Any], **mail: Any) -> dict[str, Any]:
    """Return a report of SES in its documented form."""
    about = {
        "timestamp": "2026-11-20T09:15:00.000Z",
        "messageId": f"0100-{new_id()}",
        "source": "no-reply@tidings.example",
        "destination": [ADA],
        "tags": {"notification_id": [new_id()], "ses:caller-identity": ["tidings"]},
        "headers": [{"name": "X-Correlation-Id", "value": "correlation-7"}],
    }
    return {"eventType": kind, "mail": about | mail, kind.lower(): outcome}


def bounce(kind: str = "Permanent", **mail: Any) -> dict[str, Any]:
    hit = {"emailAddress": ADA.lower(), "action": "failed", "status": "5.1.1"}
    at = "2026-11-20T09:15:02.000Z"
    return told("Bounce", {"bounceType": kind, "bouncedRecipients": [hit], "timestamp": at}, **mail)


def complaint(**more: Any) -> dict[str, Any]:
    return told("Complaint", {"complainedRecipients": [{"emailAddress": ADA}]} | more)


def receive(*contents: Any) -> None:
    """Call the function as SNS does."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in contents]
    records = [{"Sns": {"MessageId": new_id(), "Message": text}} for text in texts]
    handler({"Records": records}, CONTEXT)


def test_permanent_bounce_suppresses_the_address(queues: Queues) -> None:
    content = bounce()
    receive(content)
    assert suppressed([ADA, "bob@example.com"]) == {ADA: "hard_bounce"}
    (message,) = queues.take("notifications", 1)
    assert message.event["type"] == "notification.failed"
    assert message.event["source"] == "tidings/delivery"
    assert message.correlation_id == "correlation-7"
    assert message.event["data"] == {
        "notification_id": content["mail"]["tags"]["notification_id"][0],
        "channel": "email",
        "provider": "ses",
        "provider_message_id": content["mail"]["messageId"],
        "reason": "hard_bounce",
        "at": "2026-11-20T09:15:02Z",
    }


def test_full_mailbox_gets_the_next_mail(queues: Queues) -> None:
    receive(bounce("Transient"))
    assert suppressed([ADA]) == {}
    assert queues.take("notifications", 1)[0].event["data"]["reason"] == "soft_bounce"


def test_complaint_suppresses_the_address(queues: Queues) -> None:
    receive(complaint(complaintFeedbackType="abuse"))
    assert suppressed([ADA]) == {ADA: "complaint"}
    assert queues.take("notifications", 1)[0].event["data"]["reason"] == "complaint"


def test_not_spam_report_is_no_complaint(queues: Queues) -> None:
    receive(complaint(complaintFeedbackType="not-spam"))
    assert suppressed([ADA]) == {}
    assert queues.is_empty("notifications")


def test_delivered_mail_is_announced(queues: Queues) -> None:
    receive(told("Delivery", {"timestamp": "2026-11-20T09:15:01.000Z", "recipients": [ADA]}))
    (message,) = queues.take("notifications", 1)
    assert message.event["type"] == "notification.delivered"
    assert message.event["data"]["at"] == "2026-11-20T09:15:01Z"


def test_repeated_or_concurrent_report_is_announced_once(queues: Queues) -> None:
    content = bounce()
    receive(content, content)
    at_once([lambda: receive(content)] * 4)
    queues.take("notifications", 1)
    assert Feedback.objects.count() == 1


def test_mail_that_arrived_and_bounced_later_has_both(queues: Queues) -> None:
    mail = {"messageId": "0100-both"}
    receive(told("Delivery", {}, **mail), bounce(**mail))
    types = {each.event["type"] for each in queues.take("notifications", 2)}
    assert types == {"notification.delivered", "notification.failed"}


@pytest.mark.parametrize(
    "content", ["Successfully validated SNS topic for Amazon SES event publishing.",
                told("Send", {}), told("Open", {}), told("DeliveryDelay", {})]
)  # fmt: skip
def test_other_reports_are_ignored(content: Any, queues: Queues) -> None:
    receive(content)
    assert queues.is_empty("notifications")
    assert Feedback.objects.count() == 0


def test_mail_of_another_sender_suppresses_and_announces_nothing(queues: Queues) -> None:
    receive(bounce(tags={}, headers=[{"name": "X-Notification-Id", "value": "a b\r\nc"}]))
    assert suppressed([ADA]) == {ADA: "hard_bounce"}
    assert queues.is_empty("notifications")


@pytest.mark.parametrize("content", [{}, [], {"eventType": "Bounce"}, {"mail": 1}])
def test_malformed_report_is_an_error_that_lambda_keeps(content: Any) -> None:
    with pytest.raises(ValidationError) as failed:
        receive(content)
    assert ADA not in str(failed.value)


def test_reports_of_an_identity_are_read_too() -> None:
    content = bounce()
    content["notificationType"] = content.pop("eventType")
    said = feedback_of(content)
    assert said is not None
    assert (said.kind, said.recipients) == ("hard_bounce", (ADA.lower(),))


# ----------------------------------------------------------------------- suppression


def test_database_does_not_contain_the_addresses() -> None:
    suppress(ADA, "complaint")
    (kept,) = Suppression.objects
    stored = json.dumps(kept.to_mongo().to_dict(), default=str).lower()
    # As a word, because ids are random hexadecimal numbers, which may contain these letters.
    assert not re.search(r"\bada\b|example", stored)


def test_addresses_compare_without_case_and_spaces() -> None:
    suppress(f" {ADA.upper()} ", "hard_bounce")
    assert suppressed([ADA.lower()]) == {ADA.lower(): "hard_bounce"}


@pytest.mark.parametrize(
    "reported",
    [
        "ada@xn--fa-hia.de",
        "ADA@XN--FA-HIA.DE",
        "<ada@xn--fa-hia.de>",
        '"Ada, <x@y.example>" <ada@faß.de>',
        "=?utf-8?q?Ada?= <Ada@xn--fa-hia.de>",
        '"ada"@xn--fa-hia.de',
        "ada@faß.de.",
    ],
)
def test_mailbox_is_suppressed_in_any_spelling_of_the_report(reported: str) -> None:
    content = bounce()
    content["bounce"]["bouncedRecipients"] = [{"emailAddress": reported}]
    receive(content)
    stored = RegisterUser.model_validate(PERSON | {"email": "Ada@faß.de"}).email
    neighbour = "ada@fass.de"
    assert suppressed([stored, neighbour]) == {stored: "hard_bounce"}


def test_destination_is_used_where_no_recipient_is_named() -> None:
    content = bounce(destination=['"Ada" <ada@xn--fa-hia.de>'])
    del content["bounce"]["bouncedRecipients"]
    receive(content)
    assert suppressed(["ada@faß.de", "bob@faß.de"]) == {"ada@faß.de": "hard_bounce"}


def test_each_requested_spelling_is_answered() -> None:
    suppress("ada@faß.de", "complaint")
    asked = ["ada@faß.de", "ADA@xn--fa-hia.de", "<ada@faß.de>"]
    assert suppressed(asked) == dict.fromkeys(asked, "complaint")


def test_suppression_from_before_canonical_addresses_is_valid() -> None:
    """The hash of a stored address was made of its text in lower case."""
    id_ = blind_index("suppression", "ada.lovelace@example.com")
    Suppression(id=id_, reason="hard_bounce").save()
    assert suppressed([ADA]) == {ADA: "hard_bounce"}


def test_first_reason_is_kept() -> None:
    suppress(ADA, "hard_bounce")
    suppress(ADA, "complaint")
    assert suppressed([ADA]) == {ADA: "hard_bounce"}
    assert suppressed([]) == {}


def test_bounce_reported_again_after_lifting_suppresses_nothing() -> None:
    content = bounce()
    receive(content)
    lift_suppression(Suppression.objects.get().id, "It works again.", caller=OPERATOR)
    receive(content)
    assert suppressed([ADA]) == {}
    later = (now() + timedelta(minutes=1)).isoformat()
    content["bounce"]["timestamp"] = later
    receive(content)
    assert suppressed([ADA]) == {ADA: "hard_bounce"}


def test_crash_between_suppressing_and_recording_is_repaired_by_a_repetition() -> None:
    suppress(ADA, "hard_bounce")
    said = MailFeedback(
        provider="ses", provider_message_id="0100", kind="hard_bounce", recipients=(ADA,),
        notification_id=new_id(), at=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    take_mail_feedback(said)
    assert len(Feedback.objects.get().outbox) == 1
