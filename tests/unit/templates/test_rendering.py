"""Tests of rendering a message from variables."""

import gc
from typing import Any

import pytest
from jinja2.environment import Template

from tests.unit.templates.builders import in_email, in_inbox, some_words
from tidings.templates import rendering, versions
from tidings.templates.content import Rendered, TemplateContent
from tidings.templates.errors import BadVariable, BrokenTemplate, MissingVariable, OutputTooLarge
from tidings.templates.rendering import CompiledVariant


def message(content: TemplateContent, language: str = "en", **variables: Any) -> Rendered:
    return CompiledVariant(content, content.variant_for(language)).render(variables)


def in_languages(*languages: str, body: str = "") -> TemplateContent:
    variants = [
        {"language": each, "inbox": {"title": "Hello", "body": f"{body}{each} {{{{ who }}}}"}}
        for each in languages
    ]
    return TemplateContent.model_validate(
        some_words(variants=variants, default_language=languages[0])
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("de-AT", "de-AT"),
        ("de-at", "de-AT"),
        ("de_AT", "de-AT"),
        ("de-CH", "de"),
        ("de", "de"),
        ("DE", "de"),
        ("fr", "en"),
        ("", "en"),
        ("../../etc", "en"),
    ],
)
def test_nearest_language_is_used(wanted: str, found: str) -> None:
    made = message(in_languages("en", "de", "de-AT"), wanted, who="Ada")
    assert made.language == found
    assert made.inbox_body == f"{found} Ada"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("zh-Hans-CN", "zh-Hans"), ("zh-Hant-TW", "zh"), ("es-419", "es"), ("sr-Latn", "en")],
)
def test_language_falls_back_subtag_by_subtag(wanted: str, found: str) -> None:
    made = message(in_languages("en", "zh", "zh-Hans", "es"), wanted, who="Ada")
    assert made.language == found


def compiled_parts() -> int:
    gc.collect()
    return sum(type(each) is Template for each in gc.get_objects())


def test_number_of_compiled_variants_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    languages = [f"en-{first}{second}" for first in "ABCDE" for second in "ABCD"]
    contents = [in_languages(*languages, body=f"{each}") for each in range(20)]
    rendering._compiled.cache_clear()
    before = compiled_parts()
    with monkeypatch.context() as patch:
        patch.setattr(versions, "content_of", lambda _code, version: contents[version])
        for version in range(len(contents)):
            for each in languages:
                rendering.render("any", version=version, language=each, variables={"who": "Ada"})
    title_and_body = 2
    assert compiled_parts() - before == rendering.MAX_COMPILED * title_and_body
    rendering._compiled.cache_clear()


def test_log_names_the_template_that_was_not_rendered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content = in_languages("en", "de")
    monkeypatch.setattr(versions, "content_of", lambda *_: content)
    with pytest.raises(MissingVariable):
        rendering.render("spring_sale", version=7, language="de-AT", variables={})
    (line,) = caplog.records
    assert line.message == "message not rendered"
    told = {"template_code": "spring_sale", "version": 7, "language": "de"}
    assert vars(line).items() >= told.items()


@pytest.mark.parametrize("logs", [True, False])
def test_broken_part_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, logs: bool
) -> None:
    html = "<p>Hello {{ who }}</p>\n{% if who %}\n<p>{{ who.name.first }}</p>\n{% endif %}"
    content = in_email(html)
    monkeypatch.setattr(versions, "content_of", lambda *_: content)
    with pytest.raises(BrokenTemplate) as caught:
        rendering.render(
            "spring_sale", version=7, language="en", variables={"who": "Ada"}, logs=logs
        )
    assert caught.value.message.startswith("spring_sale v7, email.html, line 3: ")
    assert str(caught.value) == caught.value.message
    told = [(vars(line)["part"], vars(line)["line"]) for line in caplog.records]
    assert told == [("email.html", 3)] * logs


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ thing.b.c }}", "c has no value."),
        ("{{ thing.b }}", "b has no value."),
        ("{{ thing.list[3] }}", "list object has no element 3."),
        ("{{ unknown }}", "unknown has no value."),
    ],
)
def test_missing_value_is_named_without_classes_of_python(text: str, told: str) -> None:
    with pytest.raises(BrokenTemplate) as caught:
        message(in_inbox(text, optional_variables=["thing"]), who="Ada", thing={"list": [1]})
    assert caught.value.message == told


def test_filter_that_fails_is_named_with_its_line() -> None:
    with pytest.raises(BrokenTemplate) as caught:
        message(in_inbox("Hello\n\n{{ who|money('EUR') }}"), who="Ada")
    assert caught.value.line == 3


def test_parts_missing_in_a_template_are_none() -> None:
    made = message(in_inbox("Hello {{ who }}"), who="Ada")
    assert made.model_dump(exclude_none=True) == {
        "language": "en",
        "inbox_title": "Hello",
        "inbox_body": "Hello Ada",
    }


@pytest.mark.parametrize("variables", [{}, {"who": None}, {"other": "Ada"}])
def test_missing_variable_is_named(variables: dict[str, Any]) -> None:
    with pytest.raises(MissingVariable) as caught:
        message(in_inbox("Hello {{ who }}"), **variables)
    assert caught.value.message == "The variable who is missing."
    assert caught.value.field == "variables.who"
    assert not caught.value.retryable


def test_undeclared_variables_are_ignored() -> None:
    assert message(in_inbox("{{ who }}"), who="Ada", big="x" * 10**7).inbox_body == "Ada"
    with pytest.raises(BadVariable):
        message(in_inbox("{{ who }}"), who="x" * 10**7)


def test_name_with_line_breaks_makes_no_header() -> None:
    name = "Ada\r\nBcc: everybody@example.com\x85\u2028X: y\x00"
    subject = message(in_email("<p>Hello</p>", "Hello {{ who }}"), who=name).email_subject
    assert subject == "Hello Ada Bcc: everybody@example.com X: y"


def test_long_subject_is_cut() -> None:
    subject = message(in_email("<p>Hello</p>", "{{ who }}"), who="x" * 9_000).email_subject
    assert subject == "x" * 199 + "…"


def test_control_characters_are_removed() -> None:
    assert (
        message(in_inbox("{{ who }}"), who="A\x00d\x1ba\u202e\nLovelace").inbox_body
        == "Ada\nLovelace"
    )


def test_body_too_long_for_its_channel_is_refused() -> None:
    with pytest.raises(OutputTooLarge):
        message(in_inbox("{{ who }}"), who="x" * 5_000)


def test_mail_has_the_shops_layout() -> None:
    known = {
        "shop_name": "Pens & Ink",
        "shop_url": "https://pens.example",
        "unsubscribe_url": "https://pens.example/unsubscribe/t",
    }
    made = message(in_email("<h1>Hello {{ who }}</h1>"), who="<script>", **known)
    assert made.email_html is not None
    assert made.email_text is not None
    assert made.email_html.startswith("<!doctype html>")
    assert '<html lang="en"' in made.email_html
    assert ">Hello &lt;script&gt;</h1>" in made.email_html
    assert '<h1 style="' in made.email_html
    assert "Pens &amp; Ink" in made.email_html
    assert 'href="https://pens.example/unsubscribe/t"' in made.email_html
    assert made.email_text.startswith("Hello\n\n-- \nPens & Ink\nhttps://pens.example\n")
    assert "Unsubscribe: https://pens.example/unsubscribe/t" in made.email_text


def test_mail_without_an_unsubscribe_link_does_not_mention_it() -> None:
    made = message(in_email("<p>Hello</p>"), who="Ada", name=None)
    assert "nsubscribe" not in f"{made.email_html}{made.email_text}"


def test_complete_page_is_unchanged() -> None:
    page = "<!doctype html><html lang='en'><body>{{ who }}</body></html>"
    assert message(in_email(page), who="Ada").email_html == page.replace("{{ who }}", "Ada")


def test_name_cannot_be_taken_for_a_page() -> None:
    html = message(in_email("<p>{{ who }}</p>"), who="<html>").email_html
    assert html is not None
    assert html.startswith("<!doctype html>")


def test_subject_in_the_page_is_escaped() -> None:
    html = message(in_email("<p>Hello</p>", "{{ who }}"), who='"><script>').email_html
    assert html is not None
    assert "<script>" not in html


def test_title_is_cut_at_a_whole_character() -> None:
    family = "👨‍👩‍👧‍👦"
    variants = [{"language": "en", "inbox": {"title": "{{ who }}", "body": "Body"}}]
    content = TemplateContent.model_validate(some_words(variants=variants))
    made = message(content, who=family * 100)
    assert made.inbox_title == family * 28 + "…"  # 7 code points each, 200 in all
