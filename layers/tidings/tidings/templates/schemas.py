"""Typed input and output of the templates' operations."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tidings.platform.pagination import PageRequest
from tidings.templates.values import plain
from tidings.users.preferences import Category

CODE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
MAX_VERSION: Final = 2**31 - 1
MAX_VARIABLES: Final = 50
MAX_LANGUAGES: Final = 20
# Of a template that names none: people get it unless they switched it off, and it wakes nobody.
UNNAMED: Final[Category] = "orders"

# No control characters but tab and line breaks.
TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
LINE: Final = r"^[^\x00-\x1f\x7f]*$"

Channel = Literal["email", "push", "inbox", "sms"]
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_VARIABLES)]
Language = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"), Field(examples=["en", "de-AT"])
]
Version = Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=LINE)]
Body = Annotated[str, StringConstraints(min_length=1, max_length=4_000, pattern=TEXT)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=TEXT)]
Html = Annotated[str, StringConstraints(min_length=1, max_length=60_000, pattern=TEXT)]
Variables = Annotated[dict[str, Any], Field(max_length=MAX_VARIABLES), AfterValidator(plain)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EmailPart(_Part):
    """A mail. `html` gets the shop's layout around it, unless it is a whole page (`<html`)."""

    subject: Line
    html: Html
    text: Text


class NoticePart(_Part):
    """A title and a body."""

    title: Line
    body: Body


class SmsPart(_Part):
    """A short message."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=1_000, pattern=TEXT)]


class Variant(_Part):
    """The words of a template in one language, for each channel that it has."""

    language: Language
    email: EmailPart | None = None
    push: NoticePart | None = None
    inbox: NoticePart | None = None
    sms: SmsPart | None = None

    def channels(self) -> list[Channel]:
        """Return the channels that it has words for."""
        return [channel for channel in get_args(Channel) if getattr(self, channel) is not None]

    def sources(self) -> Iterator[tuple[str, str]]:
        """Yield each text with its place: `email.html`."""
        for channel in self.channels():
            part = getattr(self, channel)
            for name in type(part).model_fields:
                yield f"{channel}.{name}", getattr(part, name)


class TemplateContent(BaseModel):
    """What a version of a template says, and what it needs to be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, StringConstraints(max_length=500, pattern=TEXT)] = ""
    category: Category | None = Field(
        default=None,
        description="which of a reader's preferences speaks for it: `orders` when left out; "
        "what is built in keeps its own",
    )
    default_language: Language = "en"
    required_variables: Names = ()
    optional_variables: Names = ()
    sample_variables: Variables = Field(
        default_factory=dict, description="what previews use where nothing else is given"
    )
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MAX_LANGUAGES)]


class CreateTemplate(TemplateContent):
    """A new template."""

    code: Code


class UpdateTemplate(TemplateContent):
    """The whole new content. `version` is the one that was read and is changed."""

    version: Version


class RollBackTemplate(BaseModel):
    """`version` is the current one, `to_version` the one whose content is to hold again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version
    to_version: Version


class PreviewTemplate(BaseModel):
    """What to make a message of; given variables stand over the template's samples."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version | None = Field(default=None, description="the current one when left out")
    language: Annotated[str, StringConstraints(min_length=1, max_length=35, pattern=LINE)] = "en"
    variables: Variables = Field(default_factory=dict)


class GetTemplate(BaseModel):
    """Which version is wanted."""

    model_config = ConfigDict(frozen=True)

    version: Annotated[int, Field(ge=1, le=MAX_VERSION)] | None = Field(
        default=None, description="the current one when left out"
    )


class GetTemplates(PageRequest):
    """A page of templates."""


class VersionView(BaseModel):
    """One line of a template's history."""

    version: int
    restored_from: int | None = Field(description="the version whose content it took back")
    changed_by: str | None = Field(description="id of the user; none for what is built in")
    changed_at: datetime | None


class TemplateView(VersionView):
    """A version of a template."""

    code: str
    current_version: int
    built_in: bool = Field(description="whether version 1 comes with Tidings")
    description: str
    category: Category = Field(description="which of a reader's preferences speaks for it")
    default_language: str
    required_variables: list[str]
    optional_variables: list[str]
    sample_variables: dict[str, Any]
    variants: list[Variant]
    versions: list[VersionView] = Field(description="the newest 50, newest first")


class TemplateSummary(BaseModel):
    """A template in a list."""

    code: str
    version: int
    built_in: bool
    description: str
    category: Category = Field(description="which of a reader's preferences speaks for it")
    default_language: str
    languages: list[str]
    channels: list[Channel]
    changed_at: datetime | None


class Rendered(BaseModel):
    """A message; parts that its template does not have are None."""

    model_config = ConfigDict(frozen=True)

    language: str = Field(description="the variant that was used")
    email_subject: str | None = None
    email_html: str | None = None
    email_text: str | None = None
    push_title: str | None = None
    push_body: str | None = None
    inbox_title: str | None = None
    inbox_body: str | None = None
    sms_text: str | None = None


class TemplatePreview(Rendered):
    """A message as it would be sent."""

    code: str
    version: int
