"""What can be done with templates; entry points let operators and admins in only."""

from datetime import datetime

from mongoengine import NotUniqueError

from tidings.platform.auth import Principal
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.templates import builtin, queries, versions
from tidings.templates.checking import check
from tidings.templates.errors import StaleTemplate, TemplateExists, TemplateRefused
from tidings.templates.models import TemplateVersion, id_of
from tidings.templates.schemas import (
    UNNAMED,
    CreateTemplate,
    RollBackTemplate,
    TemplateContent,
    TemplateView,
    UpdateTemplate,
)


def create_template(
    new: CreateTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Add a template, as version 1.

    Raises:
        TemplateRefused: something in it would fail when it is sent.
        TemplateExists: there is one with this code.
    """
    if new.code in builtin.codes():
        raise TemplateExists
    content = _content_of(new.code, new)
    check(content)
    try:
        return _store(new.code, builtin.FIRST_VERSION, content, caller, at)
    except NotUniqueError:
        raise TemplateExists from None


def update_template(
    code: str, change: UpdateTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Make a new version; the ones before stay. What changes nothing makes none.

    Raises:
        TemplateNotFound: there is none.
        StaleTemplate: `version` is not the current one any more.
        TemplateRefused: something in it would fail when it is sent, or it is built in and is
            to have another category.
    """
    _check_current(code, change.version)
    content = _content_of(code, change)
    check(content)
    if content == versions.content_of(code, change.version):
        return queries.get_template(code)
    return _add(code, change.version, content, caller, at)


def rollback_template(
    code: str, wanted: RollBackTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Make a new version with the content of an earlier one.

    Raises:
        TemplateNotFound: there is none, or none with that earlier version.
        StaleTemplate: `version` is not the current one any more.
    """
    _check_current(code, wanted.version)
    content = versions.content_of(code, wanted.to_version)
    return _add(code, wanted.version, content, caller, at, restored_from=wanted.to_version)


def _check_current(code: str, version: int) -> None:
    if queries.latest_version(code) != version:
        raise StaleTemplate


def _content_of(code: str, given: TemplateContent) -> TemplateContent:
    """Return what is stored: a template of one's own names its category, or gets the default."""
    built_in = builtin.content_of(code)
    category = given.category or (built_in.category if built_in else UNNAMED)
    if built_in and category != built_in.category:
        message = f"A built-in template keeps its category, {built_in.category}."
        raise TemplateRefused(message, field="category")
    values = given.model_dump(include=set(TemplateContent.model_fields)) | {"category": category}
    return TemplateContent.model_validate(values)


def _add(
    code: str,
    version: int,
    content: TemplateContent,
    caller: Principal,
    at: datetime | None,
    restored_from: int | None = None,
) -> TemplateView:
    try:
        return _store(code, version + 1, content, caller, at, restored_from)
    except NotUniqueError:
        raise StaleTemplate from None


def _store(
    code: str,
    version: int,
    content: TemplateContent,
    caller: Principal,
    at: datetime | None,
    restored_from: int | None = None,
) -> TemplateView:
    TemplateVersion(
        id=id_of(code, version),
        code=code,
        version=version,
        content=content.model_dump_json(),
        restored_from=restored_from,
        changed_by=caller.user_id,
        changed_at=at or now(),
    ).save(force_insert=True)
    versions.forget_versions()
    logger.info("template changed", template_code=code, version=version)
    return queries.get_template(code)
