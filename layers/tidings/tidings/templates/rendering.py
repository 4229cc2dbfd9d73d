"""Render a message from a template's version and variables."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from jinja2.environment import Template

from tidings.platform.logging import logger
from tidings.platform.text.cuts import ELLIPSIS, cut
from tidings.templates import code_places, layout, versions
from tidings.templates.content import Rendered, TemplateContent, Variant
from tidings.templates.errors import BrokenTemplate, OutputTooLarge, RenderingFailed, UnsafeCode
from tidings.templates.grammar import Fault
from tidings.templates.sandbox import Budget, code_faults_in, compiled, run

__all__ = ["Rendered", "render"]

HTML: Final = code_places.HTML
# These are single lines: a line break in a subject would start another header (RFC 5322).
LINES: Final = frozenset({"email.subject", "push.title", "inbox.title"})
MAX_LINE: Final = 200
MAX_COMPILED: Final = 256
MAX_BODIES: Final[Mapping[str, int]] = {"push.body": 4_000, "inbox.body": 4_000, "sms.text": 1_600}
# It includes characters that change the writing direction, which a name could use to reverse the
# words around it.
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
BLANK: Final = re.compile(r"\s+")


class CompiledVariant:
    """One language of a template with all parts compiled, ready to render messages.

    It does not check the use of codes; `render` does.
    """

    def __init__(self, content: TemplateContent, variant: Variant) -> None:
        self._content = content
        self._language = variant.language
        self._parts = _compiled(variant)

    def render(self, variables: Mapping[str, Any]) -> Rendered:
        """Render a message; see the function `render`."""
        known = self._content.values_for(variables) | {"language": self._language}
        codes = {name: known[name] for name in self._content.code_variables}
        budget, made = Budget(), {}
        for place, part in self._parts.items():
            try:
                text = run(part, known, budget)
                made[place] = _line(text) if place in LINES else _body(place, text)
                if codes:  # checked in the rendered text, too, whatever the template ensures
                    _check_codes(place, made[place], codes)
            except RenderingFailed as error:
                error.part = place
                raise
        if HTML in made:
            layout.surround(made, known)
        return Rendered(
            language=self._language, **{k.replace(".", "_"): v for k, v in made.items()}
        )


def render(
    template_code: str,
    *,
    version: int,
    language: str,
    variables: Mapping[str, Any],
    logs: bool = True,
) -> Rendered:
    """Render a message in the language that matches best.

    Args:
        template_code: the template.
        version: the version that the message was made with.
        language: for `zh-Hans-CN`, the variants `zh-Hans-CN`, `zh-Hans` and `zh` are tried, then
            the template's default language.
        variables: the variables of the template; undeclared ones are ignored.
        logs: whether a failure is logged; a caller that renders again leaves it to that.

    Raises:
        TemplateNotFound: the version does not exist.
        RenderingFailed: a required variable is missing, a value does not fit, the message would be
            too large or take too long, or a one-time code would be where others could get it. A
            retry does not help.
    """
    content = versions.content_of(template_code, version)
    variant = content.variant_for(language)
    try:
        _require_safe(variant, content.code_variables)
        return CompiledVariant(content, variant).render(variables)
    except RenderingFailed as error:
        if isinstance(error, BrokenTemplate):
            error.name(f"{template_code} v{version}")
        if logs:
            logger.warning(
                "message not rendered",
                template_code=template_code,
                version=version,
                language=variant.language,
                part=error.part,
                line=error.line,
                reason=type(error).__name__,
            )
        raise


def code_faults(variant: Variant, codes: frozenset[str]) -> Iterator[tuple[str, Fault]]:
    """Yield the faults in a variant's use of its codes, with their places."""
    for place, source in variant.sources() if codes else ():
        for fault in code_faults_in(source, place, codes):
            yield place, fault


def _check_codes(place: str, text: str, codes: Mapping[str, Any]) -> None:
    for reason in code_places.faults_in_message(place, text, codes):
        raise UnsafeCode(place, reason)


# A large variant takes 1 MB, so that these are limited, and not the templates.
@lru_cache(maxsize=MAX_COMPILED)
def _compiled(variant: Variant) -> Mapping[str, Template]:
    """Return a variant's parts by place."""
    return {
        place: compiled(layout.dressed(source), html=True)
        if place == HTML
        else compiled(source, html=False)
        for place, source in variant.sources()
    }


@lru_cache(maxsize=MAX_COMPILED)
def _require_safe(variant: Variant, codes: frozenset[str]) -> None:
    """Check a variant that may have been stored before the rules for codes.

    Raises:
        UnsafeCode: it breaks them.
    """
    for place, fault in code_faults(variant, codes):
        raise UnsafeCode(place, fault.message)


def _line(text: str) -> str:
    line = BLANK.sub(" ", CONTROL.sub(" ", text)).strip()
    return cut(line, MAX_LINE, ellipsis=ELLIPSIS)


def _body(place: str, text: str) -> str:
    body = CONTROL.sub("", text).strip()
    if len(body) > MAX_BODIES.get(place, len(body)):
        raise OutputTooLarge
    return body


def forget_kept() -> None:
    """Clear what was read from the database; for tests that empty it.

    Compiled texts stay: they depend on nothing but the text.
    """
    versions.forget_versions()
    versions.content_of.cache_clear()
