"""What can be asked about templates."""

from typing import Final

from tidings.platform.pagination import Page, PageRequest, paginate_texts
from tidings.templates import builtin, rendering, versions
from tidings.templates.builtin import FIRST_VERSION
from tidings.templates.errors import TemplateNotFound
from tidings.templates.models import TemplateVersion, id_of
from tidings.templates.schemas import (
    UNNAMED,
    PreviewTemplate,
    TemplateContent,
    TemplatePreview,
    TemplateSummary,
    TemplateView,
    VersionView,
)
from tidings.users.preferences import Category

HISTORY: Final = 50


def current_version(template_code: str) -> int:
    """Return the version that new messages are made with, as of the last seconds.

    Raises:
        TemplateNotFound: there is no such template.
    """
    version = versions.known_versions().get(template_code)
    if version is None:
        raise TemplateNotFound
    return version


def known_template_codes() -> frozenset[str]:
    """Return the codes of all templates, as of the last seconds."""
    return frozenset(versions.known_versions())


def parts_of(code: str) -> frozenset[str]:
    """Return the channels for which a template has words, in one language at least.

    Raises:
        TemplateNotFound: there is no such template.
    """
    content = versions.content_of(code, current_version(code))
    places = [place for each in content.variants for place, _ in each.sources()]
    return frozenset(place.partition(".")[0] for place in places)


def category_of(code: str) -> Category:
    """Return which of its readers' preferences speaks for a template.

    Raises:
        TemplateNotFound: there is no such template.
    """
    return _category(code, versions.content_of(code, current_version(code)))


def latest_version(code: str) -> int:
    """Return the current version as of now, for who is about to change it.

    Raises:
        TemplateNotFound: there is no such template.
    """
    return _history(code)[0].version


def get_template(code: str, *, version: int | None = None) -> TemplateView:
    """Return a template's current version, or an earlier one.

    Raises:
        TemplateNotFound: there is no such template, or no such version.
    """
    history = _history(code)
    current = history[0].version
    wanted = current if version is None else version
    content = versions.content_of(code, wanted)
    found = next((each for each in history if each.version == wanted), None)
    return TemplateView(
        **(found or _version(code, wanted)).model_dump(),
        **content.model_dump(exclude={"category"}),
        category=_category(code, content),
        code=code,
        current_version=current,
        built_in=code in builtin.codes(),
        versions=history,
    )


def get_templates(page: PageRequest) -> Page[TemplateSummary]:
    """Return a page of the templates by their codes.

    Raises:
        UnknownCursor: the cursor is not one that was handed out.
    """
    current = versions.read_versions()
    codes = paginate_texts(sorted(current), page)
    ids = [id_of(code, current[code]) for code in codes.items]
    stored = TemplateVersion.objects.in_bulk(ids)
    return codes.map(lambda code: _summary(code, stored.get(id_of(code, current[code]))))


def preview_template(code: str, wanted: PreviewTemplate) -> TemplatePreview:
    """Make a message of a template's samples and the given variables; nothing is sent.

    Raises:
        TemplateNotFound: there is no such template, or no such version.
        RenderingFailed: it cannot be made; the message says why.
    """
    version = wanted.version or latest_version(code)
    variables = versions.content_of(code, version).sample_variables | wanted.variables
    rendered = rendering.render(
        code, version=version, language=wanted.language, variables=variables
    )
    return TemplatePreview(**rendered.model_dump(), code=code, version=version)


def _history(code: str) -> list[VersionView]:
    """Return the newest versions, newest first; version 1 of what is built in is the last."""
    stored = TemplateVersion.objects(code=code).exclude("content").order_by("-version")
    history = [_view(each) for each in stored.limit(HISTORY)]
    if len(history) < HISTORY and code in builtin.codes():
        history.append(_version(code, FIRST_VERSION))
    if not history:
        raise TemplateNotFound
    return history


def _version(code: str, version: int) -> VersionView:
    """Return one version's line of the history."""
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
        category=_category(code, content),
        default_language=content.default_language,
        languages=[each.language for each in content.variants],
        channels=content.variants[0].channels(),
        changed_at=stored.changed_at if stored else None,
    )


def _category(code: str, content: TemplateContent) -> Category:
    """Return the category of what is built in, whatever became of its words, or its own."""
    return (builtin.content_of(code) or content).category or UNNAMED


def _content(code: str, stored: TemplateVersion | None) -> TemplateContent:
    if stored is not None:
        return TemplateContent.model_validate_json(stored.content)
    return versions.content_of(code, FIRST_VERSION)
