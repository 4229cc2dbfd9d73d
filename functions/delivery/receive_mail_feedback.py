"""Topic `mail-feedback`: what SES says about mails that it took."""

from typing import Any

from tidings.delivery.feedback import take_mail_feedback
from tidings.delivery.ses_events import feedback_of
from tidings.platform.subscriber import subscriber


@subscriber
def handler(told: Any) -> None:
    take_mail_feedback(feedback_of(told))
