"""What messages need of templates: their current version, their category, their channels."""

from collections.abc import Collection

from tidings.templates import builtin, versions
from tidings.templates.content import UNNAMED, TemplateContent
from tidings.templates.errors import TemplateNotFound
from tidings.users.preferences import Category


def current_version(template_code: str) -> int:
    """Return the version for new messages; it may be some seconds old.

    Raises:
        TemplateNotFound: the template does not exist.
    """
    version = versions.known_version(template_code)
    if version is None:
        raise TemplateNotFound
    return version


def current_versions(codes: Collection[str]) -> dict[str, int]:
    """Return the versions for new messages of those templates that exist, as `current_version`."""
    return versions.known_versions(codes)


def parts_of(code: str, version: int | None = None) -> frozenset[str]:
    """Return the channels for which a template has content in at least one language.

    Args:
        code: the template.
        version: the version; the default is the current one.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    content = versions.content_of(code, version or current_version(code))
    places = [place for each in content.variants for place, _ in each.sources()]
    return frozenset(place.partition(".")[0] for place in places)


def category_of(code: str, version: int | None = None) -> Category:
    """Return the category of preferences that applies to a template, by default as it is now.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    content = versions.content_of(code, version or current_version(code))
    return applied_category(code, content)


def carries_code(template_code: str, version: int | None = None) -> bool:
    """Say whether a template, in its current or another version, contains a one-time code.

    Raises:
        TemplateNotFound: the template or the version does not exist.
    """
    content = versions.content_of(template_code, version or current_version(template_code))
    return builtin.carries_code(template_code, content)


def applied_category(code: str, content: TemplateContent) -> Category:
    """Return a built-in template's original category, or the template's own."""
    return (builtin.content_of(code) or content).category or UNNAMED
