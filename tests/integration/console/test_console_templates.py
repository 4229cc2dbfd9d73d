"""The pages of templates: list, preview with values, the mail in its frame, restoring."""

import html
import re
from typing import Any
from urllib.parse import quote

import pytest

from pages.message_templates import MAIL_POLICY
from tests.integration.builders import a_person, a_reader
from tests.integration.console.people import account_of, signed_in
from tests.integration.monitoring.builders import break_template, broken
from tests.integration.notifications.builders import some_content
from tests.unit.console.browser import Browser, Shown
from tests.unit.templates.builders import some_words
from tidings.notifications.creating import create_notifications
from tidings.platform.security.auth import Role
from tidings.templates import operations, queries
from tidings.templates.schemas import CreateTemplate, UpdateTemplate

CODE = "spring_sale"
RESET = "password_reset"
ADMIN = a_person(Role.ADMIN)


def words(body: str, mail: str, **more: Any) -> dict[str, Any]:
    email = {"subject": "Sale for {{ who }}", "html": mail, "text": "Sale"}
    variants = [{"language": "en", "inbox": {"title": "Sale", "body": body}, "email": email}]
    samples = {"who": "Ada", "items": [{"title": "Pen"}]}
    return some_words(
        variants=variants, sample_variables=samples, optional_variables=["items"], **more
    )


def a_template(body: str = "For {{ who }}", mail: str = "<p>Mail for {{ who }}</p>") -> None:
    new = CreateTemplate.model_validate(words(body, mail) | {"code": CODE})
    operations.create_template(new, caller=ADMIN)


def changed(body: str, code: str = CODE) -> int:
    """Store another version; return its number."""
    version = queries.latest_version(code)
    change = UpdateTemplate.model_validate(words(body, "<p>Mail</p>") | {"version": version})
    return operations.update_template(code, change, caller=ADMIN).version


def reset_template_changed() -> int:
    """Store another version of the template with a one-time code."""
    current = queries.template_view(RESET)
    fields = UpdateTemplate.model_fields.keys() - {"description"}
    content = {name: value for name, value in current.model_dump().items() if name in fields}
    content |= {"version": current.version, "description": "Another"}
    return operations.update_template(
        RESET, UpdateTemplate.model_validate(content), caller=ADMIN
    ).version


def frame_of(shown: Shown) -> str:
    """Return the place of the mail in the frame."""
    found = re.search(r'<iframe[^>]* src="[^"]*console/([^"]+)"', shown.text)
    assert found, shown.text
    return html.unescape(found[1])


def test_list_has_built_in_templates_and_others() -> None:
    a_template()
    text = signed_in().get("templates").text
    assert f">{CODE}</a>" in text
    assert ">order_confirmed</a>" in text
    assert "built-in" in text


def test_template_is_shown_with_its_samples() -> None:
    a_template()
    shown = signed_in().get(f"templates/{CODE}")
    assert "For Ada" in shown.text
    assert "Sale for Ada" in shown.text
    assert "{{ who }}" in shown.text  # the source
    assert "Mail for Ada" in signed_in().get(frame_of(shown)).text


def test_typed_values_are_in_the_message_and_in_the_mail() -> None:
    a_template()
    browser = signed_in()
    shown = browser.get(f"templates/{CODE}?value.who=Grace+%26+Co")
    assert "For Grace &amp; Co" in shown.text
    assert "Mail for Grace &amp; Co" in browser.get(frame_of(shown)).text


def test_values_that_are_no_text_are_json() -> None:
    a_template("{% for each in items %}[{{ each.title }}]{% endfor %}")
    browser = signed_in()
    assert "[Pen]" in browser.get(f"templates/{CODE}").text
    ink = quote('[{"title": "Ink"}, {"title": "Paper"}]')
    assert "[Ink][Paper]" in browser.get(f"templates/{CODE}?value.items={ink}").text
    for text in ("[", "[" * 3_000, "[NaN]"):
        wrong = browser.get(f"templates/{CODE}?value.items={text}")
        assert wrong.status == 200
        assert "The text of these variables is not JSON: items" in wrong.text
        assert "<iframe" not in wrong.text


def test_message_that_cannot_be_rendered_says_why() -> None:
    a_template("{% if who != 'Ada' %}{{ items.a.b.c }}{% endif %}Fine")
    shown = signed_in().get(f"templates/{CODE}?value.who=Grace")
    assert shown.status == 200
    assert 'role="alert"' in shown.text
    assert "<iframe" not in shown.text


def test_emptied_required_value_is_told() -> None:
    a_template()
    text = signed_in().get(f"templates/{CODE}?value.who=").text
    assert "For " in text


@pytest.mark.parametrize(
    ("query", "status"),
    [("version=99", 404), ("version=x", 400), ("version=0", 400), ("language=xx", 200)],
)
def test_other_versions_and_languages_are_told(query: str, status: int) -> None:
    a_template()
    assert signed_in().get(f"templates/{CODE}?{query}").status == status


def test_template_that_does_not_exist_is_told() -> None:
    for place in ("templates/none", "templates/none/mail", "templates/none/rollback"):
        assert signed_in().get(place).status == 404


# -------------------------------------------------------------------------- mail


def test_mail_can_neither_load_nor_run_anything() -> None:
    a_template(mail='<p style="color:red">Red</p>')
    shown = signed_in().get(f"templates/{CODE}/mail")
    assert shown.status == 200
    assert shown.headers["Content-Security-Policy"] == MAIL_POLICY
    assert "script-src" not in MAIL_POLICY
    assert "'unsafe-inline'" in MAIL_POLICY
    assert MAIL_POLICY.startswith("sandbox; default-src 'none'")


def test_template_without_a_mail_has_none() -> None:
    variants = [{"language": "en", "inbox": {"title": "Sale", "body": "Sale"}}]
    new = CreateTemplate.model_validate(
        some_words(variants=variants, sample_variables={"who": "Ada"}) | {"code": CODE}
    )
    operations.create_template(new, caller=ADMIN)
    browser = signed_in()
    assert "<iframe" not in browser.get(f"templates/{CODE}").text
    assert browser.get(f"templates/{CODE}/mail").status == 404


# ----------------------------------------------------------------------- restore


def restored(browser: Browser, code: str, to: int) -> Shown:
    return browser.send(f"templates/{code}/rollback?to={to}")


def test_earlier_version_is_restored_after_a_question() -> None:
    a_template("First")
    changed("Second")
    browser = signed_in()
    question = browser.get(f"templates/{CODE}/rollback?to=1")
    assert "It becomes version 3" in question.text
    assert queries.latest_version(CODE) == 2
    shown = restored(browser, CODE, 1)
    assert shown.place == f"templates/{CODE}"
    assert "Version 3 has the content of version 1." in shown.text
    view = queries.template_view(CODE)
    assert (view.version, view.restored_from) == (3, 1)
    assert view.changed_by == account_of(browser).id


def test_template_that_changed_meanwhile_is_not_restored() -> None:
    a_template("First")
    changed("Second")
    browser = signed_in()
    question = browser.get(f"templates/{CODE}/rollback?to=1")
    changed("Third")
    shown = browser.post(question.place, question.hidden)
    assert shown.status == 409
    assert "The template changed meanwhile." in shown.text
    assert queries.latest_version(CODE) == 3


@pytest.mark.parametrize(
    "fields", [{"version": "x"}, {"to_version": ""}, {"version": "-1"}, {"version": "9" * 5_000}]
)
def test_malformed_form_restores_nothing(fields: dict[str, str]) -> None:
    a_template("First")
    changed("Second")
    browser = signed_in()
    question = browser.get(f"templates/{CODE}/rollback?to=1")
    assert browser.post(question.place, question.hidden | fields).status == 400
    assert queries.latest_version(CODE) == 2


# --------------------------------------------------------------- one-time codes


def test_operator_may_look_at_a_template_with_a_code() -> None:
    shown = signed_in().get(f"templates/{RESET}")
    assert shown.status == 200
    assert "only administrators fill in other values" in shown.text
    assert "value.reset_code" not in shown.text.partition("<iframe")[0]
    assert "Restore version" not in shown.text


def test_operator_may_not_fill_in_or_restore_one() -> None:
    reset_template_changed()
    browser = signed_in()
    assert "Restore version" not in browser.get(f"templates/{RESET}").text
    filled = browser.get(f"templates/{RESET}?value.reset_code=ABCDEFGHIJ")
    assert filled.status == 403
    assert browser.get(f"templates/{RESET}/mail?value.reset_code=ABCDEFGHIJ").status == 403
    assert browser.get(f"templates/{RESET}/rollback?to=1").status == 403
    sent = {"form_token": browser.get().token, "version": "2", "to_version": "1"}
    assert browser.post(f"templates/{RESET}/rollback", sent).status == 403
    assert queries.latest_version(RESET) == 2


def test_admin_fills_in_and_restores_one() -> None:
    reset_template_changed()
    browser = signed_in(Role.ADMIN)
    text = browser.get(f"templates/{RESET}?value.reset_code=ABCDEFGHIJ").text
    assert "ABCDEFGHIJ" in text
    assert restored(browser, RESET, 1).status == 200
    assert queries.latest_version(RESET) == 3


def test_preview_with_the_values_of_the_latest_message_is_masked() -> None:
    ada = a_reader(name="Adalovelace")
    told = create_notifications([ada.user_id], some_content())[ada.user_id].notification_id
    browser = signed_in()
    shown = browser.get("templates/order_confirmed")
    assert "Shown with the sample values." in shown.text
    assert "with the values of the latest message:" in shown.text
    assert f"notifications/{told}" in shown.text
    real = browser.get("templates/order_confirmed?data=latest")
    assert "Shown with the values of the latest message" in real.text
    assert "order-7" in real.text
    mail = browser.get(frame_of(real)).text
    assert "order-7" in mail
    assert "Adalovelace" not in real.text + mail


def test_fault_with_real_values_is_told_beside_the_samples() -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    version = break_template()
    for query in ("", "?data=latest"):
        shown = signed_in().get(f"templates/order_confirmed{query}")
        assert shown.status == 200
        assert broken(version) in html.unescape(shown.text)
        assert "Shown with the sample values." in shown.text
    assert signed_in().get("templates/order_confirmed/mail?data=latest").status == 404


def test_template_that_no_message_used_says_so() -> None:
    a_template()
    assert "Not tried with real values" in signed_in().get(f"templates/{CODE}").text
    assert "real messages are not tried" in signed_in().get(f"templates/{RESET}").text


def test_person_page_tells_of_a_broken_template() -> None:
    ada = a_reader()
    create_notifications([ada.user_id], some_content())
    version = break_template()
    text = html.unescape(signed_in().get(f"persons/{ada.user_id}").text)
    assert "order.confirmed fails" in text
    assert broken(version) in text
