"""The templates of messages: their list, one with its versions and a preview, its mail."""

from collections.abc import Mapping
from typing import Any, Final

from pages.sample_values import Samples, samples_of
from tidings.monitoring.trying.operations import try_template
from tidings.monitoring.trying.schemas import TriedTemplate, TryTemplate
from tidings.platform.errors import InvalidInput, NotFound, RuleRefused
from tidings.platform.inputs.parsing import parsed
from tidings.platform.storage.pagination import PageRequest
from tidings.templates.current import carries_code
from tidings.templates.queries import get_template, get_templates, preview_template
from tidings.templates.schemas import GetTemplate, PreviewTemplate, TemplatePreview, TemplateView
from web.views import File, View
from web.visits import Visit

# A mail's styles are inline; it loads nothing, runs nothing, and only the console may frame it.
MAIL_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
# The parameter that shows the values of the latest message instead of the samples.
DATA: Final = "data"
LATEST: Final = "latest"


def show_list(visit: Visit) -> View:
    """Return the list, sorted by code."""
    page = parsed(PageRequest, {"page": visit.asked("page") or 1, "limit": 50})
    values = {
        "found": get_templates(page, caller=visit.caller),
        "pages": lambda number: visit.link("templates", page=number),
    }
    return View("message_templates.html", visit.texts("message_templates.title"), values)


def show(visit: Visit) -> View:
    """Return a version of a template with its preview.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    template = _template(visit)
    samples = samples_of(template, visit.request.query)
    language = _language(visit, template)
    real = _tried(visit, template, language)
    is_real = visit.asked(DATA) == LATEST and real.preview is not None
    preview, wrong = (real.preview, "") if is_real else _preview(visit, template, samples, language)
    values = {
        "template": template,
        "language": language,
        "variant": next(each for each in template.variants if each.language == language),
        "samples": samples,
        "preview": preview,
        "wrong": wrong,
        "real": real,
        "is_real": is_real,
        "has_code": carries_code(template.code, template.version),
        "may_fill_in": may_change(visit, template.code, template.version),
        "may_restore": may_change(visit, template.code, template.current_version),
        "mail": _mail_query(template, samples, language, is_real),
    }
    return View("message_template.html", template.code, values)


def show_mail(visit: Visit) -> File:
    """Return the mail of a template as a page of its own, for the frame in the preview.

    Raises:
        TemplateNotFound: the template or the version does not exist.
        RenderingFailed: it cannot be rendered with these values.
        MailMissing: it has no mail.
    """
    template = _template(visit)
    language = _language(visit, template)
    preview: TemplatePreview | None
    if visit.asked(DATA) == LATEST:
        preview = _tried(visit, template, language).preview
    else:
        samples = samples_of(template, visit.request.query)
        preview = _rendered(visit, template, samples, language)
    if preview is None or preview.email_html is None:
        raise MailMissing
    return File(preview.email_html, "text/html; charset=utf-8", policy=MAIL_POLICY)


def may_change(visit: Visit, code: str, version: int) -> bool:
    """Say whether the visitor may change a template: with a one-time code only administrators."""
    return visit.is_admin or not carries_code(code, version)


def _template(visit: Visit) -> TemplateView:
    given = {"version": version} if (version := visit.asked("version")) else {}
    wanted = parsed(GetTemplate, given)
    code = visit.path["template_code"]
    return get_template(code, version=wanted.version, caller=visit.caller)


def _language(visit: Visit, template: TemplateView) -> str:
    """Return the wanted language if the template has it, otherwise its default language."""
    known = [each.language for each in template.variants]
    wanted = visit.asked("language") or visit.language
    if wanted in known:
        return wanted
    return template.default_language if template.default_language in known else known[0]


def _tried(visit: Visit, template: TemplateView, language: str) -> TriedTemplate:
    """Return the version rendered with the values of the latest message."""
    given = {"version": template.version, "language": language}
    return try_template(template.code, parsed(TryTemplate, given), caller=visit.caller)


def _preview(
    visit: Visit, template: TemplateView, samples: Samples, language: str
) -> tuple[TemplatePreview | None, str]:
    """Return the rendered message, or why there is none."""
    if samples.wrong:
        return None, visit.texts("message_template.not_json", names=", ".join(samples.wrong))
    try:
        return _rendered(visit, template, samples, language), ""
    except (RuleRefused, InvalidInput) as error:
        return None, error.message


def _rendered(
    visit: Visit, template: TemplateView, samples: Samples, language: str
) -> TemplatePreview:
    given = {
        "version": template.version,
        "language": language,
        "variables": samples.changed,
    }
    return preview_template(template.code, parsed(PreviewTemplate, given), caller=visit.caller)


def _mail_query(
    template: TemplateView, samples: Samples, language: str, is_real: bool
) -> Mapping[str, Any]:
    values = {DATA: LATEST} if is_real else samples.query
    return {"version": template.version, "language": language, **values}


class MailMissing(NotFound):
    def __init__(self) -> None:
        super().__init__("This template has no mail.")
