"""Input and output of the operations that try templates."""

from datetime import datetime

from pydantic import ConfigDict, Field

from tidings.platform.schema import Schema
from tidings.platform.text.languages import Language
from tidings.templates.content import Version
from tidings.templates.schemas import TemplatePreview


class TemplateFault(Schema):
    """Why a message cannot be rendered."""

    model_config = ConfigDict(frozen=True)

    template_code: str
    version: int
    part: str | None = Field(description="e.g. `email.text`; null if it is not one part")
    line: int | None = Field(description="the line in this part, if it is known")
    sentence: str = Field(description="the error as failed messages show it")


class TryTemplate(Schema):
    """The version and the language to try."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version | None = Field(default=None, description="the default is the current one")
    language: Language = "en"


class TriedTemplate(Schema):
    """A template, rendered with the values of its latest message, if there is one."""

    notification_id: str | None = Field(description="the notification that the values are from")
    failed_message_id: str | None = Field(
        description="the failed message that the values are from, if it is later"
    )
    at: datetime | None = Field(description="when that was stored, or failed")
    fault: TemplateFault | None = Field(description="why the real values cannot be rendered")
    preview: TemplatePreview | None = Field(
        description="the message with its values masked; null if they cannot be rendered so"
    )
