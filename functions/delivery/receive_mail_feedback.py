"""Topic `mail-feedback`: process SES's feedback on accepted mails."""

from typing import Any

from tidings.delivery.feedback import take_mail_feedback
from tidings.delivery.ses_events import feedback_of
from tidings.platform.entry.subscriber import subscriber


@subscriber
def handler(told: Any) -> None:
    take_mail_feedback(feedback_of(told))
