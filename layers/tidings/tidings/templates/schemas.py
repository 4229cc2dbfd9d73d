"""Input and output models of template operations."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.languages import Language
from tidings.templates.content import (
    MAX_VERSION,
    Channel,
    Code,
    Rendered,
    TemplateContent,
    Variables,
    Variant,
    Version,
)
from tidings.users.preferences import Category


class CreateTemplate(TemplateContent):
    """A new template."""

    code: Code


class UpdateTemplate(TemplateContent):
    """The complete new content. `version` is the version that was read and is replaced."""

    version: Version


class RollBackTemplate(Schema):
    """`version` is the current version, `to_version` the version whose content is restored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version
    to_version: Version


class PreviewTemplate(Schema):
    """The input of a preview; given variables override the template's samples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version | None = Field(default=None, description="the default is the current one")
    language: Language = "en"
    variables: Variables = Field(default_factory=dict)


class GetTemplate(Schema):
    """The requested version."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(ge=1, le=MAX_VERSION)] | None = Field(
        default=None, description="the default is the current one"
    )


class GetTemplates(PageRequest):
    """The requested part of the list of templates."""


class VersionView(Schema):
    """One entry in a template's history."""

    version: int
    restored_from: int | None = Field(description="the version whose content was restored")
    changed_by: str | None = Field(description="id of the user; null for a built-in version")
    changed_at: datetime | None


class TemplateView(VersionView):
    """A version of a template."""

    code: str
    current_version: int
    built_in: bool = Field(description="whether version 1 comes with Tidings")
    description: str
    category: Category = Field(description="the category of preferences that applies to it")
    default_language: str
    required_variables: list[str]
    optional_variables: list[str]
    sample_variables: dict[str, Any]
    variants: list[Variant]
    versions: list[VersionView] = Field(description="the newest 50, newest first")


class TemplateSummary(Schema):
    """A template in a list."""

    code: str
    version: int
    built_in: bool
    description: str
    category: Category = Field(description="the category of preferences that applies to it")
    default_language: str
    languages: list[str]
    channels: list[Channel]
    changed_at: datetime | None


class TemplatePreview(Rendered):
    """A message as it would be sent."""

    code: str
    version: int
