"""Check a template before it is stored, so that no fault appears only when it is sent."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tidings.platform.text.cuts import cut
from tidings.templates import rendering
from tidings.templates.content import TemplateContent
from tidings.templates.errors import RenderingFailed, TemplateRefused
from tidings.templates.sandbox import faults_in
from tidings.templates.values import ALWAYS_KNOWN

MAX_NAMED: Final = 10


class _Fault(NamedTuple):
    field: str
    message: str


def check(content: TemplateContent) -> None:
    """Check that every message of a template can be rendered.

    Raises:
        TemplateRefused: something is unknown, broken or missing; the error lists each fault with
            its line.
    """
    # Each step relies on the steps before it.
    for find in (_in_declarations, _in_variants, _in_texts, _in_codes, _in_messages):
        if found := list(find(content)):
            more = [f"and {len(found) - MAX_NAMED} more"] if len(found) > MAX_NAMED else []
            sentences = [each.message for each in found[:MAX_NAMED]] + more
            raise TemplateRefused("; ".join(sentences) + ".", field=found[0].field)


def _in_declarations(content: TemplateContent) -> Iterator[_Fault]:
    names = [*content.required_variables, *content.optional_variables]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _Fault("optional_variables", f"the variable {name} is declared twice")
    for name in sorted(content.sample_variables.keys() - {*names, *ALWAYS_KNOWN}):
        yield _Fault("sample_variables", f"the sample {cut(name, 50)} is not a declared variable")


def _in_variants(content: TemplateContent) -> Iterator[_Fault]:
    languages = [each.language for each in content.variants]
    for language in sorted({each for each in languages if languages.count(each) > 1}):
        yield _Fault("variants", f"there are two variants for {language}")
    if content.default_language not in languages:
        yield _Fault("variants", f"there is no variant for {content.default_language}, the default")
        return
    expected = set(content.variant_for(content.default_language).channels())
    if not expected:
        yield _Fault("variants", "no channel has content")
    for variant in content.variants:
        for channel in sorted(expected ^ set(variant.channels())):
            having = "lacks" if channel in expected else "is the only one with"
            yield _Fault("variants", f"the variant {variant.language} {having} the part {channel}")


def _in_texts(content: TemplateContent) -> Iterator[_Fault]:
    known = ALWAYS_KNOWN | content.declared_variables
    for number, variant in enumerate(content.variants):
        for place, source in variant.sources():
            for fault in faults_in(source, known, html=place == rendering.HTML):
                where = f"{variant.language} {place}, line {fault.line}"
                yield _Fault(f"variants.{number}.{place}", f"{where}: {fault.message}")


def _in_codes(content: TemplateContent) -> Iterator[_Fault]:
    for number, variant in enumerate(content.variants):
        for place, fault in rendering.code_faults(variant, content.code_variables):
            where = f"{variant.language} {place}, line {fault.line}"
            yield _Fault(f"variants.{number}.{place}", f"{where}: {fault.message}")


def _in_messages(content: TemplateContent) -> Iterator[_Fault]:
    """Render each message with its samples, with and without optional variables."""
    samples = content.sample_variables
    names = content.required_variables
    told = (samples, {name: samples[name] for name in names}) if samples.keys() >= {*names} else ()
    for number, variant in enumerate(content.variants):
        compiled = rendering.CompiledVariant(content, variant)
        for variables in told:
            try:
                compiled.render(variables)
            except RenderingFailed as error:
                message = f"{variant.language}, with the samples: {error.message.rstrip('.')}"
                yield _Fault(f"variants.{number}", message)
                break
