"""Resolvers of templates."""

from typing import Any, Final

from resolvers.binding import Resolver
from resolvers.caller import Info, caller
from resolvers.connection import Connection, PageArguments, connection
from tidings.templates import operations, queries
from tidings.templates.schemas import (
    CreateTemplate,
    GetTemplate,
    PreviewTemplate,
    RollBackTemplate,
    TemplatePreview,
    TemplateView,
    UpdateTemplate,
)


def get_template(_: Any, _info: Info, code: str, version: int | None = None) -> TemplateView:
    wanted = GetTemplate.model_validate({"version": version})
    return queries.get_template(code, version=wanted.version)


def get_templates(_: Any, _info: Info, first: int, after: str | None = None) -> Connection:
    page = PageArguments.model_validate({"first": first, "after": after})
    return connection(queries.get_templates(page))


def preview_template(
    _: Any, _info: Info, code: str, input: dict[str, Any] | None = None
) -> TemplatePreview:
    return queries.preview_template(code, PreviewTemplate.model_validate(input or {}))


def create_template(_: Any, info: Info, input: dict[str, Any]) -> TemplateView:
    return operations.create_template(CreateTemplate.model_validate(input), caller=caller(info))


def update_template(_: Any, info: Info, code: str, input: dict[str, Any]) -> TemplateView:
    change = UpdateTemplate.model_validate(input)
    return operations.update_template(code, change, caller=caller(info))


def rollback_template(_: Any, info: Info, code: str, input: dict[str, Any]) -> TemplateView:
    wanted = RollBackTemplate.model_validate(input)
    return operations.rollback_template(code, wanted, caller=caller(info))


QUERIES: Final[dict[str, Resolver]] = {
    "getTemplate": get_template,
    "getTemplates": get_templates,
    "previewTemplate": preview_template,
}
MUTATIONS: Final[dict[str, Resolver]] = {
    "createTemplate": create_template,
    "updateTemplate": update_template,
    "rollbackTemplate": rollback_template,
}
