"""Render a message from a template's version and variables."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2.environment import Template

from tidings.platform.text.cuts import ELLIPSIS, cut
from tidings.platform.text.languages import lookup
from tidings.templates import code_places, layout, versions
from tidings.templates.budget import Budget
from tidings.templates.errors import OutputTooLarge, UnsafeCode
from tidings.templates.grammar import Fault
from tidings.templates.one_time_codes import code_variables
from tidings.templates.sandbox import code_faults_in, compiled, run
from tidings.templates.schemas import Rendered, TemplateContent, Variant
from tidings.templates.variables import told_to

__all__ = ["Rendered", "render"]

HTML: Final = code_places.HTML
# These are single lines: a line break in a subject would start another header (RFC 5322).
LINES: Final = frozenset({"email.subject", "push.title", "inbox.title"})
MAX_LINE: Final = 200
MAX_BODIES: Final[Mapping[str, int]] = {"push.body": 4_000, "inbox.body": 4_000, "sms.text": 1_600}
# It includes characters that change the writing direction, which a name could use to reverse the
# words around it.
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
BLANK: Final = re.compile(r"\s+")

Compiled = Mapping[str, Template]


def render(
    template_code: str, *, version: int, language: str, variables: Mapping[str, Any]
) -> Rendered:
    """Render a message in the language that matches best.

    Args:
        template_code: the template.
        version: the version that the message was made with.
        language: for `zh-Hans-CN`, the variants `zh-Hans-CN`, `zh-Hans` and `zh` are tried, then
            the template's default language.
        variables: the variables of the template; undeclared ones are ignored.

    Raises:
        TemplateNotFound: the version does not exist.
        RenderingFailed: a required variable is missing, a value does not fit, the message would be
            too large or take too long, or a one-time code would be where others could get it. A
            retry does not help.
    """
    content = versions.content_of(template_code, version)
    variant = variant_for(content, language)
    parts = _compiled(template_code, version, variant.language)
    return render_parts(parts, content, variant.language, variables)


def variant_for(content: TemplateContent, language: str) -> Variant:
    """Return the variant whose language matches best."""
    by_language = {each.language: each for each in content.variants}
    found = lookup(language, by_language) or lookup(content.default_language, by_language)
    return by_language[found or content.default_language]


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
    """Render a message from compiled parts; see `render`."""
    known = told_to(content, variables) | {"language": language}
    budget = Budget()
    made = {place: _clean(place, run(part, known, budget)) for place, part in parts.items()}
    _check_codes(made, {name: known[name] for name in code_variables(content)})
    if HTML in made:
        preheader = made.get("inbox.body") or made.get("push.body") or ""
        subject = made["email.subject"]
        made[HTML] = layout.page(made[HTML], subject=subject, preheader=preheader, known=known)
        made["email.text"] = layout.letter(made["email.text"], known=known)
    return Rendered(language=language, **{k.replace(".", "_"): v for k, v in made.items()})


@lru_cache(maxsize=256)
def _compiled(code: str, version: int, language: str) -> Compiled:
    content = versions.content_of(code, version)
    variant = variant_for(content, language)
    # A version may be older than the rules for codes.
    for place, fault in code_faults(content, variant):
        raise UnsafeCode(place, fault.message)
    return compiled_parts(variant)


def code_faults(content: TemplateContent, variant: Variant) -> Iterator[tuple[str, Fault]]:
    """Yield the faults in a variant's use of its codes, with their places."""
    if codes := code_variables(content):
        for place, source in variant.sources():
            for fault in code_faults_in(source, place, codes):
                yield place, fault


def _check_codes(made: Mapping[str, str], codes: Mapping[str, Any]) -> None:
    """Check the codes in the rendered message, whatever its template ensures.

    Raises:
        UnsafeCode: a code is where others than its reader could get it.
    """
    for place, text in made.items() if codes else ():
        for reason in code_places.faults_in_message(place, text, codes):
            raise UnsafeCode(place, reason)


def _clean(place: str, text: str) -> str:
    if place in LINES:
        line = BLANK.sub(" ", CONTROL.sub(" ", text)).strip()
        return cut(line, MAX_LINE, ellipsis=ELLIPSIS)
    body = CONTROL.sub("", text).strip()
    if len(body) > MAX_BODIES.get(place, len(body)):
        raise OutputTooLarge
    return body


def forget_kept() -> None:
    """Clear all caches; for tests that empty the database."""
    versions.forget_versions()
    versions.content_of.cache_clear()
    _compiled.cache_clear()
