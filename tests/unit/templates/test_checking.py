"""A template with faults is refused when it is saved, with the place of each fault."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.templates.builders import in_email, in_inbox, some_words
from tidings.templates.checking import check
from tidings.templates.content import TemplateContent
from tidings.templates.errors import BadVariable, TemplateRefused

INBOX = {"title": "Hello", "body": "Hello"}
EMAIL = {"subject": "Hello", "html": "<p>Hello</p>", "text": "Hello"}


def refusal(content: TemplateContent) -> TemplateRefused:
    with pytest.raises(TemplateRefused) as caught:
        check(content)
    return caught.value


def test_valid_template_is_accepted() -> None:
    check(in_inbox("Hello {{ who }}, {{ name }} of {{ shop_name }}"))
    check(in_email("<p>Hello {{ who }}</p>", sample_variables={"who": "Ada"}))


def test_unknown_variable_is_named_with_part_and_line() -> None:
    refused = refusal(in_inbox("Hello {{ who }}\n\n{{ whom }}"))
    assert refused.message == "en inbox.body, line 3: the variable whom is not declared."
    assert refused.field == "variants.0.inbox.body"
    assert refused.status == 422


def test_broken_syntax_is_named_with_part_and_line() -> None:
    refused = refusal(in_email("<p>\n{% if who %}\n{% endfor %}</p>"))
    assert refused.message.startswith("en email.html, line 3: ")
    assert "endfor" in refused.message


def test_all_faults_are_named_up_to_a_limit_and_counted() -> None:
    body = "\n".join(f"{{{{ unknown_{number} }}}}" for number in range(14))
    message = refusal(in_inbox(body)).message
    assert "line 1: the variable unknown_0" in message
    assert message.endswith("; and 4 more.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"default_language": "de"}, "there is no variant for de, the default"),
        ({"variants": [{"language": "en"}]}, "no channel has content"),
        (
            {"variants": [{"language": "en", "inbox": INBOX}] * 2},
            "there are two variants for en",
        ),
        (
            {
                "variants": [
                    {"language": "en", "inbox": INBOX, "email": EMAIL},
                    {"language": "de", "inbox": INBOX},
                ]
            },
            "the variant de lacks the part email",
        ),
        (
            {
                "variants": [
                    {"language": "en", "inbox": INBOX},
                    {"language": "de", "inbox": INBOX, "push": INBOX},
                ]
            },
            "the variant de is the only one with the part push",
        ),
        ({"optional_variables": ["who"]}, "the variable who is declared twice"),
        ({"sample_variables": {"else": 1}}, "the sample else is not a declared variable"),
    ],
)
def test_variants_and_declarations_must_match(change: dict[str, Any], sentence: str) -> None:
    content = TemplateContent.model_validate(some_words() | change)
    assert sentence in refusal(content).message


@pytest.mark.parametrize(
    "variant",
    [
        {"email": {"subject": "Hello", "html": "<p>Hello</p>"}},
        {"email": {"subject": "Hello", "text": "Hello"}},
        {"email": {"html": "<p>Hello</p>", "text": "Hello"}},
        {"email": EMAIL | {"subject": ""}},
        {"email": EMAIL | {"subject": "Hello\r\nBcc: everybody@example.com"}},
        {"email": EMAIL | {"html": "x" * 60_001}},
        {"email": EMAIL | {"attachment": "x"}},
        {"push": {"title": "Hello"}},
        {"push": {"body": "Hello"}},
        {"inbox": {"title": "Hello\n", "body": "Hello"}},
        {"sms": {"text": ""}},
        {"fax": {"text": "Hello"}},
        {"inbox": {"title": "Hello", "body": "Hel\x00lo"}},
    ],
)
def test_incomplete_part_is_malformed(variant: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TemplateContent.model_validate(some_words(variants=[{"language": "en"} | variant]))


@pytest.mark.parametrize("language", ["", "e", "english", "en_US", "en-", "../en"])
def test_language_must_be_a_tag_used_in_mails(language: str) -> None:
    with pytest.raises(ValidationError):
        TemplateContent.model_validate(
            some_words(variants=[{"language": language, "inbox": INBOX}])
        )


def test_message_of_the_samples_is_rendered_before_saving() -> None:
    refused = refusal(in_inbox("{{ who.first }}", sample_variables={"who": {"last": "Lovelace"}}))
    assert refused.message.startswith("en, with the samples: ")
    assert "first" in refused.message


def test_message_is_also_rendered_without_optional_variables() -> None:
    content = in_inbox(
        "{{ who }} {{ order.total }}",
        optional_variables=["order"],
        sample_variables={"who": "Ada", "order": {"total": 3}},
    )
    assert "total" in refusal(content).message


def test_samples_are_bounded_like_variables() -> None:
    with pytest.raises(BadVariable):
        in_inbox("{{ who }}", sample_variables={"who": "x" * 20_000})
