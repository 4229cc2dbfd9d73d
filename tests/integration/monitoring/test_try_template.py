"""A template is tried with the values of its latest message; the preview shows them masked."""

import pytest

from tests.integration.builders import a_reader
from tests.integration.monitoring.builders import OPERATOR, a_dead_letter, break_template, broken
from tests.integration.notifications.builders import confirmed, some_content
from tidings.monitoring.failed_messages import store_failed_messages
from tidings.monitoring.trying.operations import NOTHING, try_template
from tidings.monitoring.trying.schemas import TriedTemplate, TryTemplate
from tidings.notifications.creating import create_notifications
from tidings.platform.text.masking import MASK
from tidings.templates.errors import TemplateNotFound

CODE = "order_confirmed"


def tried(code: str = CODE, **wanted: object) -> TriedTemplate:
    return try_template(code, TryTemplate.model_validate(wanted), caller=OPERATOR)


def test_template_is_rendered_with_the_latest_notification_masked() -> None:
    ada = a_reader(name="Adalovelace")
    create_notifications([ada.user_id], some_content())
    latest = create_notifications([ada.user_id], some_content())[ada.user_id]
    found = tried(language="de")
    assert (found.notification_id, found.fault) == (latest.notification_id, None)
    assert found.preview is not None
    assert found.preview.language == "de"
    text = found.preview.email_text or ""
    assert "order-7" in text
    assert MASK in text
    assert "Adalovelace" not in found.model_dump_json()


def test_fault_that_only_real_values_have_is_told() -> None:
    ada = a_reader()
    told = create_notifications([ada.user_id], some_content())[ada.user_id]
    version = break_template()
    found = tried()
    assert found.notification_id == told.notification_id
    assert found.fault is not None
    assert (found.fault.part, found.fault.line) == ("email.text", 3)
    assert found.fault.sentence == broken(version)
    assert found.preview is None  # the masked values have the same fault
    assert tried(version=1).fault is None


def test_values_of_a_later_failed_message_are_used() -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    event = confirmed(ada)
    letter = a_dead_letter(
        message_id=event.id,
        type=event.type,
        routing_key="notifications",
        body=event.model_dump_json(exclude_none=True).encode(),
    )
    store_failed_messages([letter])
    found = tried()
    assert (found.failed_message_id, found.notification_id) == (letter.key, None)
    assert found.preview is not None
    assert event.data.order_id in (found.preview.inbox_body or "")


def test_template_without_a_message_and_with_a_code_is_not_tried() -> None:
    assert tried() == NOTHING
    assert tried("password_reset") == NOTHING


def test_unknown_template_is_not_found() -> None:
    with pytest.raises(TemplateNotFound):
        tried("nothing_here")
