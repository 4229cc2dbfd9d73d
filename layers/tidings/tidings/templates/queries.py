"""Queries of templates."""

from typing import Final

from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.storage.pagination import Page, PageRequest, paginate_texts
from tidings.platform.text.visible_text import STORED
from tidings.templates import builtin, versions
from tidings.templates.builtin import FIRST_VERSION
from tidings.templates.content import TemplateContent
from tidings.templates.current import applied_category, carries_code
from tidings.templates.errors import BadVariable, RenderingFailed, TemplateNotFound
from tidings.templates.models import TemplateVersion, id_of
from tidings.templates.schemas import (
    PreviewTemplate,
    TemplatePreview,
    TemplateSummary,
    TemplateView,
    VersionView,
)

HISTORY: Final = 50


def latest_version(code: str) -> int:
    """Return the current version without a cache, for a change that is based on it.

    Raises:
        TemplateNotFound: the template does not exist.
    """
    return _history(code)[0].version


@operation(role=Role.OPERATOR, refuses=(TemplateNotFound,), writes=False)
def get_template(code: str, *, version: int | None = None, caller: Principal) -> TemplateView:
    """Return a template's current version, or an earlier one.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    return template_view(code, version)


def template_view(code: str, version: int | None = None) -> TemplateView:
    """Return a template's current version, or an earlier one, to callers inside the domain layer.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    history = _history(code)
    current = history[0].version
    wanted = current if version is None else version
    content = versions.content_of(code, wanted)
    found = next((each for each in history if each.version == wanted), None)
    return TemplateView(
        **(found or _version(code, wanted)).model_dump(),
        **content.model_dump(exclude={"category", "variants"}),
        variants=list(content.variants),
        category=applied_category(code, content),
        code=code,
        current_version=current,
        built_in=code in builtin.codes(),
        versions=history,
    )


@operation(role=Role.OPERATOR, writes=False)
def get_templates(page: PageRequest, *, caller: Principal) -> Page[TemplateSummary]:
    """Return a page of the templates, sorted by code.

    Raises:
        UnknownCursor: the cursor is not valid for this list.
    """
    current = versions.read_versions()
    codes = paginate_texts(sorted(current), page)
    ids = [id_of(code, current[code]) for code in codes.items]
    stored = TemplateVersion.objects.in_bulk(ids)
    return codes.map(lambda code: _summary(code, stored.get(id_of(code, current[code]))))


@operation(
    role=Role.OPERATOR,
    refuses=(TemplateNotFound, RenderingFailed, BadVariable),
    writes=False,
    note="with a one-time code and variables: admin",
)
def preview_template(code: str, wanted: PreviewTemplate, *, caller: Principal) -> TemplatePreview:
    """Render a template with its samples and the given variables; nothing is sent.

    Raises:
        TemplateNotFound: the template or the version does not exist.
        Forbidden: it contains a code, and a caller who is not an admin gives variables.
        RenderingFailed: rendering failed; the message gives the reason.
    """
    if wanted.variables and carries_code(code, wanted.version or latest_version(code)):
        require(caller, Role.ADMIN)
    return sample_of(code, wanted)


def sample_of(code: str, wanted: PreviewTemplate) -> TemplatePreview:
    """Render a template with its samples and the given variables; nothing is sent.

    Raises:
        TemplateNotFound: the template or the version does not exist.
        RenderingFailed: rendering failed; the message gives the reason.
    """
    version = wanted.version or latest_version(code)
    variables = versions.content_of(code, version).sample_variables | wanted.variables
    # Only previews render; every other function that asks for templates starts without Jinja.
    from tidings.templates import rendering

    rendered = rendering.render(
        code, version=version, language=wanted.language, variables=variables
    )
    return TemplatePreview(**rendered.model_dump(), code=code, version=version)


def _history(code: str) -> list[VersionView]:
    """Return the newest versions, newest first; version 1 of a built-in template is the last."""
    stored = TemplateVersion.objects(code=code).exclude("content").order_by("-version")
    history = [_view(each) for each in stored.limit(HISTORY)]
    if len(history) < HISTORY and code in builtin.codes():
        history.append(_version(code, FIRST_VERSION))
    if not history:
        raise TemplateNotFound
    return history


def _version(code: str, version: int) -> VersionView:
    """Return one version's entry in the history."""
    stored = TemplateVersion.objects(pk=id_of(code, version)).exclude("content").first()
    if stored is not None:
        return _view(stored)
    return VersionView(version=version, restored_from=None, changed_by=None, changed_at=None)


def _view(stored: TemplateVersion) -> VersionView:
    return VersionView(
        version=stored.version,
        restored_from=stored.restored_from,
        changed_by=stored.changed_by,
        changed_at=stored.changed_at,
    )


def _summary(code: str, stored: TemplateVersion | None) -> TemplateSummary:
    content = _content(code, stored)
    return TemplateSummary(
        code=code,
        version=stored.version if stored else FIRST_VERSION,
        built_in=code in builtin.codes(),
        description=content.description,
        category=applied_category(code, content),
        default_language=content.default_language,
        languages=[each.language for each in content.variants],
        channels=content.variants[0].channels(),
        changed_at=stored.changed_at if stored else None,
    )


def _content(code: str, stored: TemplateVersion | None) -> TemplateContent:
    if stored is not None:
        return TemplateContent.model_validate_json(stored.content, context=STORED)
    return versions.content_of(code, FIRST_VERSION)
