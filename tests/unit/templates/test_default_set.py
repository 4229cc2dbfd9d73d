"""Tests of the templates that come with Tidings."""

import re
from html.parser import HTMLParser

import pytest

from tidings.templates import builtin
from tidings.templates.checking import check
from tidings.templates.content import Rendered
from tidings.templates.rendering import CompiledVariant

# Each event that sends a notification needs its template in this list.
CODES = {
    *("order_confirmed", "order_rejected", "order_cancelled"),
    *("order_status_changed", "order_status_update"),
    *("user_registered", "user_verified", "password_reset", "role_changed"),
    "phone_verification",
    *("task_assigned", "task_reassigned", "task_deleted", "task_due"),
    *("product_out_of_stock", "product_back_in_stock", "product_price_dropped"),
    "stock_confirmation",
    *("recommendations", "promotion", "basket_reminder", "digest"),
}
BY_MAIL_ALONE = {"user_registered", "stock_confirmation"}
BY_TEXT_ALONE = {"phone_verification"}
SECRETS = {"user_registered": "7K3M-9QXA", "password_reset": "Q4TN-82WB"}
VOID = {"meta", "br", "img", "hr"}

each_default = pytest.mark.parametrize("code", sorted(CODES))
each_mailed = pytest.mark.parametrize("code", sorted(CODES - BY_TEXT_ALONE))
each_language = pytest.mark.parametrize("language", ["en", "de"])


class Tags(HTMLParser):
    """Checks that each tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def message(code: str, language: str, **more: object) -> Rendered:
    content = builtin.content_of(code)
    assert content is not None
    variant = content.variant_for(language)
    assert variant.language == language
    return CompiledVariant(content, variant).render(content.sample_variables | more)


def test_there_is_one_for_each_notification() -> None:
    assert builtin.codes() == CODES


@each_default
def test_default_could_be_saved_unchanged(code: str) -> None:
    content = builtin.content_of(code)
    assert content is not None
    assert content.description
    assert content.category
    check(content)


@each_mailed
@each_language
def test_default_has_text_for_each_of_its_channels(code: str, language: str) -> None:
    made = message(code, language)
    assert made.email_subject
    assert made.email_html
    assert made.email_text
    assert bool(made.inbox_title and made.inbox_body) == (code not in BY_MAIL_ALONE)
    assert len(made.email_subject) < 70
    for text in made.model_dump(exclude={"email_html"}).values():
        assert text is None or not re.search(r"[{}]|\bNone\b| ,|  \S+ \n", text)


@each_mailed
@each_language
def test_mail_of_a_default_is_well_formed_and_accessible(code: str, language: str) -> None:
    tags = Tags()
    tags.feed(message(code, language).email_html or "")
    assert tags.open == []
    html = next(attributes for tag, attributes in tags.seen if tag == "html")
    assert html["lang"] == language
    assert [tag for tag, _ in tags.seen].count("h1") == 1
    assert all(attrs.get("role") == "presentation" for tag, attrs in tags.seen if tag == "table")
    assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in tags.seen}


@each_mailed
@each_language
def test_hostile_texts_are_escaped_in_every_default(code: str, language: str) -> None:
    content = builtin.content_of(code)
    assert content is not None
    hostile = {
        name: "<script>alert(1)</script>\r\nBcc: x@example.com"
        for name, sample in content.sample_variables.items()
        if isinstance(sample, str)
        and not name.endswith(("url", "_at", "day", "until", "currency", "state", "_code"))
    }
    made = message(code, language, **hostile)
    assert made.email_html is not None
    assert "<script" not in made.email_html
    assert "&lt;script&gt;" in made.email_html
    for line in (made.email_subject, made.push_title, made.inbox_title):
        assert line is None or not re.search(r"[\r\n]", line)


@each_mailed
@each_language
def test_default_renders_without_optional_variables(code: str, language: str) -> None:
    content = builtin.content_of(code)
    assert content is not None
    compiled = CompiledVariant(content, content.variant_for(language))
    required = {name: content.sample_variables[name] for name in content.required_variables}
    made = compiled.render(required)
    assert (made.email_text or "").startswith(("Hello,", "Hallo,"))


@each_language
@pytest.mark.parametrize("optional", [{}, {"code_expires_at": None, "shop_name": None}])
def test_code_for_a_phone_has_only_a_text_message(
    language: str, optional: dict[str, object]
) -> None:
    made = message("phone_verification", language, **optional)
    assert (made.sms_text or "").startswith("5HX2-8RWN ")
    assert "None" not in (made.sms_text or "")
    # Each part of a text message costs: 70 characters in UCS-2, 153 in GSM.
    assert len(made.sms_text or "") < 153
    said = made.model_dump(exclude={"sms_text", "language"}, exclude_none=True)
    assert not any(isinstance(value, str) and value for value in said.values())


@pytest.mark.parametrize("code", sorted(SECRETS))
@each_language
def test_code_is_only_in_the_mail(code: str, language: str) -> None:
    made = message(code, language)
    assert SECRETS[code] in (made.email_html or "")
    assert SECRETS[code] in (made.email_text or "")
    others = made.model_dump(exclude={"email_html", "email_text"})
    assert SECRETS[code] not in str(others)


@pytest.mark.parametrize(
    ("state", "english", "german"),
    [
        ("paid", "Your payment has arrived", "Ihre Zahlung ist da"),
        ("packed", "Your order is packed", "Ihre Bestellung ist verpackt"),
        ("shipped", "Your order is on its way", "Ihre Bestellung ist unterwegs"),
        ("delivered", "Your order is delivered", "Ihre Bestellung ist zugestellt"),
        ("returned", "Your order is back with us", "Ihre Rücksendung ist da"),
    ],
)
def test_order_message_names_its_state(state: str, english: str, german: str) -> None:
    assert message("order_status_changed", "en", state=state).inbox_title == english
    assert message("order_status_changed", "de", state=state).inbox_title == german


@each_language
def test_shipped_message_has_carrier_and_number(language: str) -> None:
    made = message("order_status_changed", language)
    for text in (made.email_html, made.email_text, made.push_body, made.inbox_body, made.sms_text):
        assert "DHL" in (text or "")
        assert "JD014600003828392837" in (text or "")


@pytest.mark.parametrize(
    ("code", "because", "german"),
    [
        ("because_bought", "Zelt", "Weil Sie „Zelt“ gekauft haben"),
        ("because_bought", None, "Weil es zu Ihren Käufen passt"),
        ("because_viewed", "Zelt", "Weil Sie sich „Zelt“ angesehen haben"),
        ("because_viewed", None, "Weil es zu dem passt, was Sie sich angesehen haben"),
        (None, None, "Because of you"),
    ],
)
def test_reason_is_in_the_readers_language(
    code: str | None, because: str | None, german: str
) -> None:
    product = {"title": "Bag", "reason": "Because of you", "reason_code": code}
    products = [product | {"because_title": because}]
    made = message("recommendations", "de", products=products)
    for text in (made.email_html, made.email_text, made.inbox_body):
        assert german in (text or "")
    english = message("recommendations", "en", products=products)
    for text in (english.email_html, english.email_text, english.inbox_body):
        assert "Because of you" in (text or "")


@each_language
def test_missing_reason_is_left_out(language: str) -> None:
    reason = "Cancelled by the operator."
    silent = message("order_cancelled", language, reason=reason, explained=False)
    assert reason not in silent.model_dump_json()
    explained = message("order_cancelled", language, reason="Ordered twice.", explained=None)
    for text in (explained.email_html, explained.email_text, explained.inbox_body):
        assert "Ordered twice." in (text or "")


def test_inbox_texts_are_unchanged() -> None:
    confirmed = message("order_confirmed", "en", order_id="17")
    assert confirmed.inbox_title == "Your order is confirmed"
    assert confirmed.inbox_body == "All pieces of order 17 are set aside for you."
    shipped = message("order_status_changed", "en", order_id="17", carrier="UPS")
    assert shipped.inbox_body == (
        "Order 17 was handed to UPS; its tracking number is JD014600003828392837."
    )
    due = message("task_due", "en", title="Call", task_id="9")
    assert due.inbox_body == "The task “Call” is due (9)."
