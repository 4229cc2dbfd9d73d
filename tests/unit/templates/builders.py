"""Builders for the tests of templates."""

import itertools
from typing import Any

from tidings.templates.content import TemplateContent
from tidings.templates.sandbox import Budget, compiled, run
from tidings.templates.values import plain


def some_words(**more: Any) -> dict[str, Any]:
    """Return the fields of a template with a greeting in its inbox part."""
    return {
        "required_variables": ["who"],
        "variants": [{"language": "en", "inbox": {"title": "Hello", "body": "Hello {{ who }}"}}],
    } | more


def in_inbox(body: str, **more: Any) -> TemplateContent:
    """Return a template with this text in its inbox part."""
    variants = [{"language": "en", "inbox": {"title": "Hello", "body": body}}]
    return TemplateContent.model_validate(some_words(variants=variants) | more)


def in_email(html: str, subject: str = "Hello", **more: Any) -> TemplateContent:
    """Return a template with this text in its mail."""
    email = {"subject": subject, "html": html, "text": "Hello"}
    return TemplateContent.model_validate(
        some_words(variants=[{"language": "en", "email": email}]) | more
    )


def rendered(source: str, *, html: bool = False, **variables: Any) -> str:
    """Render one text without checking it first."""
    return run(compiled(source, html=html), plain(variables), Budget())


def nested(levels: int) -> Any:
    """Return nested lists."""
    value: Any = "end"
    for _ in itertools.repeat(None, levels):
        value = [value]
    return value
