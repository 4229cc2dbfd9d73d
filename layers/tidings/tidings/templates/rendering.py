"""From a template's version and variables to a message."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2.environment import Template

from tidings.templates import layout, versions
from tidings.templates.budget import Budget
from tidings.templates.errors import OutputTooLarge
from tidings.templates.sandbox import compiled, run
from tidings.templates.schemas import Rendered, TemplateContent, Variant
from tidings.templates.variables import told_to

__all__ = ["Rendered", "render"]

HTML: Final = "email.html"
# One line each: a line break in a subject would begin another header (RFC 5322).
LINES: Final = frozenset({"email.subject", "push.title", "inbox.title"})
MAX_LINE: Final = 200
MAX_BODIES: Final[Mapping[str, int]] = {"push.body": 4_000, "inbox.body": 4_000, "sms.text": 1_600}
# Also what turns the direction of writing, with which a name could turn the words around it.
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
BLANK: Final = re.compile(r"\s+")

Compiled = Mapping[str, Template]


def render(
    template_code: str, *, version: int, language: str, variables: Mapping[str, Any]
) -> Rendered:
    """Make a message in the language that comes nearest.

    Args:
        template_code: which template.
        version: the one that the message was made with.
        language: `de-AT` is written as `de-AT`, else as `de`, else in the template's default.
        variables: what the template is told; what it does not declare is ignored.

    Raises:
        TemplateNotFound: there is no such version.
        RenderingFailed: a required variable is missing, a value does not fit, or the message
            would be too large or take too long. Trying again would not help.
    """
    content = versions.content_of(template_code, version)
    variant = variant_for(content, language)
    parts = _compiled(template_code, version, variant.language)
    return render_parts(parts, content, variant.language, variables)


def variant_for(content: TemplateContent, language: str) -> Variant:
    """Return the variant whose language comes nearest."""
    by_language = {each.language.lower(): each for each in content.variants}
    wanted = language.lower().replace("_", "-")
    for candidate in (wanted, wanted.partition("-")[0]):
        if candidate in by_language:
            return by_language[candidate]
    return by_language[content.default_language.lower()]


def compiled_parts(variant: Variant) -> Compiled:
    """Compile all parts of a variant."""
    return {
        place: compiled(layout.dressed(source), html=True)
        if place == HTML
        else compiled(source, html=False)
        for place, source in variant.sources()
    }


def render_parts(
    parts: Compiled, content: TemplateContent, language: str, variables: Mapping[str, Any]
) -> Rendered:
    """Make a message of compiled parts; see `render`."""
    known = told_to(content, variables) | {"language": language}
    budget = Budget()
    made = {place: _clean(place, run(part, known, budget)) for place, part in parts.items()}
    if HTML in made:
        preheader = made.get("inbox.body") or made.get("push.body") or ""
        subject = made["email.subject"]
        made[HTML] = layout.page(made[HTML], subject=subject, preheader=preheader, known=known)
        made["email.text"] = layout.letter(made["email.text"], known=known)
    return Rendered(language=language, **{k.replace(".", "_"): v for k, v in made.items()})


@lru_cache(maxsize=256)
def _compiled(code: str, version: int, language: str) -> Compiled:
    return compiled_parts(variant_for(versions.content_of(code, version), language))


def _clean(place: str, text: str) -> str:
    if place in LINES:
        line = BLANK.sub(" ", CONTROL.sub(" ", text)).strip()
        return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1].rstrip() + "…"
    body = CONTROL.sub("", text).strip()
    if len(body) > MAX_BODIES.get(place, len(body)):
        raise OutputTooLarge
    return body


def forget_kept() -> None:
    """Forget all that is kept between messages; for tests that empty the database."""
    versions.forget_versions()
    versions.content_of.cache_clear()
    _compiled.cache_clear()
