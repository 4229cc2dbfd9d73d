"""An event through the consumers to LocalStack's SES and SNS: once each, in German."""

import pytest
from delivery import deliver
from notifications import notifications

from tests.e2e.outside import mails_to, pushes_about
from tests.integration.builders import CONTEXT, Queues, a_reader
from tests.integration.notifications.builders import confirmed, story, the_notification
from tidings.platform.messaging import relay
from tidings.users.models import User


@pytest.mark.usefixtures("applications", "sender")
def test_order_reaches_the_mailbox_and_the_phone_once(queues: Queues) -> None:
    reader = a_reader(language="de", name="Grete <b>")
    event = confirmed(reader)
    relay.publish_now([event])
    message = queues.event_of("notifications", queues.take("notifications", 1))
    for _ in range(2):
        notifications.handler(message, CONTEXT)
    for queue in ("email.queue", "push.queue"):
        command = queues.event_of(queue, queues.take(queue, 1))
        for _ in range(2):
            deliver.handler(command, CONTEXT)

    (mail,) = mails_to(User.objects.get(pk=reader.user_id).email)
    assert mail["Subject"] == "Ihre Bestellung ist bestätigt"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    html, plain = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert plain is not None
    assert event.subject in plain.get_content()
    assert "Grete &lt;b&gt;" in html.get_content()
    (push,) = pushes_about(event.subject)
    assert "Ihre Bestellung ist best" in push
    notification = the_notification(reader)
    for channel in ("email", "push"):
        assert story(notification, channel)[-1] == "sent"
