"""Operations on templates.

Only admins may change templates that contain a one-time code.
"""

from datetime import datetime

from mongoengine import NotUniqueError

from tidings.platform import acts
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role, require
from tidings.platform.text.cuts import cut
from tidings.platform.timing.clock import now
from tidings.templates import builtin, queries, versions
from tidings.templates.checking import check
from tidings.templates.content import UNNAMED, TemplateContent
from tidings.templates.errors import (
    BadVariable,
    StaleTemplate,
    TemplateExists,
    TemplateNotFound,
    TemplateRefused,
)
from tidings.templates.models import TemplateVersion, id_of
from tidings.templates.schemas import CreateTemplate, RollBackTemplate, TemplateView, UpdateTemplate


@operation(
    role=Role.OPERATOR,
    refuses=(TemplateExists, TemplateRefused, BadVariable),
    note="with a one-time code: admin",
    targets={"new.code": "template"},
)
def create_template(
    new: CreateTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Create a template as version 1.

    Raises:
        Forbidden: it contains a code, and the caller is not an admin.
        TemplateRefused: a part of it would fail when it is sent.
        TemplateExists: a template has this code.
    """
    if new.code in builtin.codes():
        raise TemplateExists
    content = _content_of(new.code, new)
    _check_caller(caller, new.code, content)
    check(content)
    try:
        return _store(new.code, builtin.FIRST_VERSION, content, caller, at)
    except NotUniqueError:
        raise TemplateExists from None


@operation(
    role=Role.OPERATOR,
    refuses=(TemplateNotFound, StaleTemplate, TemplateRefused, BadVariable),
    note="with a one-time code: admin",
    targets={"code": "template"},
)
def update_template(
    code: str, change: UpdateTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Store a new version; earlier versions stay. A change without effect makes no version.

    Raises:
        TemplateNotFound: the template does not exist.
        Forbidden: it contains a code, before or after, and the caller is not an admin.
        StaleTemplate: `version` is no longer the current version.
        TemplateRefused: a part of it would fail when it is sent, or it changes the category of a
            built-in template.
    """
    _check_current(code, change.version)
    before, content = versions.content_of(code, change.version), _content_of(code, change)
    _check_caller(caller, code, before, content)
    check(content)
    if content == before:
        return queries.template_view(code)
    return _add(code, change.version, content, caller, at)


@operation(
    role=Role.OPERATOR,
    refuses=(TemplateNotFound, StaleTemplate, TemplateRefused),
    note="with a one-time code: admin",
    targets={"code": "template"},
)
def rollback_template(
    code: str, wanted: RollBackTemplate, *, caller: Principal, at: datetime | None = None
) -> TemplateView:
    """Store a new version with the content of an earlier one.

    Raises:
        TemplateNotFound: the template or the earlier version does not exist.
        Forbidden: it contains a code, before or after, and the caller is not an admin.
        TemplateRefused: the earlier version breaks a newer rule.
        StaleTemplate: `version` is no longer the current version.
    """
    _check_current(code, wanted.version)
    content = versions.content_of(code, wanted.to_version)
    _check_caller(caller, code, versions.content_of(code, wanted.version), content)
    check(content)
    return _add(code, wanted.version, content, caller, at, restored_from=wanted.to_version)


def _check_current(code: str, version: int) -> None:
    if queries.latest_version(code) != version:
        raise StaleTemplate


def _check_caller(caller: Principal, code: str, *contents: TemplateContent) -> None:
    """Require an admin for templates that contain a code.

    Raises:
        Forbidden: the caller is not an admin.
    """
    if any(builtin.carries_code(code, each) for each in contents):
        require(caller, Role.ADMIN)


def _content_of(code: str, given: TemplateContent) -> TemplateContent:
    """Return the content to store; a template without a category gets the default."""
    built_in = builtin.content_of(code)
    category = given.category or (built_in.category if built_in else UNNAMED)
    if built_in and category != built_in.category:
        message = f"The category of this built-in template must be {built_in.category}."
        raise TemplateRefused(message, field="category")
    _check_code_event(built_in, given)
    values = given.model_dump(include=set(TemplateContent.model_fields)) | {"category": category}
    return TemplateContent.model_validate(values)


def _check_code_event(built_in: TemplateContent | None, given: TemplateContent) -> None:
    """Refuse required variables that the event with the code does not provide."""
    if built_in and built_in.code_variables:
        for name in sorted({*given.required_variables} - {*built_in.required_variables}):
            message = f"The event of this template does not always provide {cut(name, 50)}."
            raise TemplateRefused(message, field="required_variables")


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
    acts.concerns("template", code)
    acts.changed(
        {"version": version - 1 or None},
        {"version": version, "restored_from": restored_from}
        if restored_from
        else {"version": version},
    )
    logger.info("template changed", template_code=code, version=version)
    return queries.template_view(code)
