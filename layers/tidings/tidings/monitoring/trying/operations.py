"""The operation that tries a template with the values of its latest message."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from tidings.delivery.messages import variables_for
from tidings.delivery.models import Notification
from tidings.monitoring.forecasts import event_of
from tidings.monitoring.models import FailedMessage
from tidings.monitoring.trying.faults import rendered
from tidings.monitoring.trying.schemas import TemplateFault, TriedTemplate, TryTemplate
from tidings.notifications.rules import RULES
from tidings.platform.messaging.events import Malformed
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.storage.rows import rows
from tidings.platform.text.masking import masked_value
from tidings.templates.current import carries_code
from tidings.templates.errors import TemplateNotFound
from tidings.templates.queries import latest_version
from tidings.templates.schemas import TemplatePreview
from tidings.users.contacts import get_contacts

# The latest notifications of all templates, among which the latest one of a template is searched.
# An index for it would cost more than it is worth.
SEARCHED: Final = 1_000
# The latest failed messages of each type of event.
FAILED: Final = 5
NOTHING: Final = TriedTemplate(
    notification_id=None, failed_message_id=None, at=None, fault=None, preview=None
)


class Real(NamedTuple):
    """The values of a message, and where they are from."""

    at: datetime
    user_id: str
    variables: Mapping[str, Any]
    notification_id: str | None = None
    failed_message_id: str | None = None


@operation(role=Role.OPERATOR, refuses=(TemplateNotFound,), writes=False)
def try_template(code: str, wanted: TryTemplate, *, caller: Principal) -> TriedTemplate:
    """Render a template with the values of its latest notification or failed message.

    It says whether the real values can be rendered, and returns the message with masked values. A
    template with a one-time code is not tried.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    version = wanted.version or latest_version(code)
    if carries_code(code, version):
        return NOTHING
    found = max(_real_values(code), key=lambda each: each.at, default=None)
    if found is None:
        return NOTHING
    values = _with_person(found)
    made = rendered(code, version, wanted.language, values)
    masked = {name: masked_value(name, value) for name, value in values.items()}
    shown = rendered(code, version, wanted.language, masked)
    return TriedTemplate(
        notification_id=found.notification_id,
        failed_message_id=found.failed_message_id,
        at=found.at,
        fault=made if isinstance(made, TemplateFault) else None,
        preview=None
        if isinstance(shown, TemplateFault)
        else TemplatePreview(**shown.model_dump(), code=code, version=version),
    )


def _with_person(real: Real) -> dict[str, Any]:
    """Return the values as a consumer renders them; of a deleted account without the person's."""
    contact = get_contacts([real.user_id], with_devices=False).get(real.user_id)
    return variables_for(contact, real.variables) if contact else dict(real.variables)


def _real_values(code: str) -> Iterator[Real]:
    yield from _of_notification(code)
    yield from _of_failed_messages(code)


def _of_notification(code: str) -> Iterator[Real]:
    """Yield the values of the latest notification among the latest ones of all templates."""
    stored = Notification._get_collection()
    latest = stored.find({}, ("template_code", "template_version")).sort("_id", -1).limit(SEARCHED)
    is_of = (
        each["_id"]
        for each in latest
        # One without a version was not rendered, and has no values.
        if each.get("template_code") == code and each.get("template_version")
    )
    if (found := next(is_of, None)) is None:
        return
    for each in stored.find({"_id": found}, ("user_id", "variables", "created_at")):
        variables = each.get("variables", {})
        yield Real(each["created_at"], each["user_id"], variables, notification_id=found)


def _of_failed_messages(code: str) -> Iterator[Real]:
    """Yield the values of the latest events that failed before they made a notification."""
    for event_class, rule in RULES.items():
        if rule.template != code or not rule.is_personal:
            continue
        failed = FailedMessage.objects(type=event_class.event_type()).order_by("-failed_at")
        for message in rows(failed.only("body", "failed_at").limit(FAILED)):
            try:
                event = event_of(message.body)
            except Malformed:
                continue
            for user_id in rule.audience(event):
                variables = rule.content(event).variables
                yield Real(message.failed_at, user_id, variables, failed_message_id=message.id)
