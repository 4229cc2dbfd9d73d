"""The content of a template, and the message that is rendered from it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from tidings.platform.schema import Schema
from tidings.platform.text.languages import Language, lookup
from tidings.platform.text.visible_text import VisibleLine, VisibleText
from tidings.templates.errors import MissingVariable
from tidings.templates.one_time_codes import is_code_name
from tidings.templates.values import ALWAYS_KNOWN, plain
from tidings.users.preferences import Category

CODE_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
MAX_VERSION: Final = 2**31 - 1
MAX_VARIABLES: Final = 50
MAX_LANGUAGES: Final = 20
# The category of a template without one: people get it unless they switched it off, and quiet hours
# apply.
UNNAMED: Final[Category] = "orders"

# No control characters except tab and line breaks.
TEXT: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Channel = Literal["email", "push", "inbox", "sms"]
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_VARIABLES)]
Version = Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
Line = Annotated[str, VisibleLine(max_length=1_000, trim=False)]
Body = Annotated[str, VisibleText(max_length=4_000, trim=False)]
Text = Annotated[str, VisibleText(max_length=20_000, trim=False)]
Html = Annotated[str, VisibleText(max_length=60_000, trim=False)]
Variables = Annotated[dict[str, Any], Field(max_length=MAX_VARIABLES), AfterValidator(plain)]


class _Part(Schema):
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
    """A text message."""

    text: Annotated[str, VisibleText(max_length=1_000, trim=False)]


class Variant(_Part):
    """The content of a template in one language, for each of its channels."""

    language: Language
    email: EmailPart | None = None
    push: NoticePart | None = None
    inbox: NoticePart | None = None
    sms: SmsPart | None = None

    def channels(self) -> list[Channel]:
        """Return the channels that it has content for."""
        return [channel for channel in get_args(Channel) if getattr(self, channel) is not None]

    def sources(self) -> Iterator[tuple[str, str]]:
        """Yield each text with its place, such as `email.html`."""
        for channel in self.channels():
            part = getattr(self, channel)
            for name in type(part).model_fields:
                yield f"{channel}.{name}", getattr(part, name)


class TemplateContent(Schema):
    """The content of a template's version, and the variables that it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, StringConstraints(max_length=500, pattern=TEXT)] = ""
    category: Category | None = Field(
        default=None,
        description="the category of preferences that applies to it; the default is `orders`; "
        "a built-in template keeps its own",
    )
    default_language: Language = "en"
    required_variables: Names = ()
    optional_variables: Names = ()
    sample_variables: Variables = Field(
        default_factory=dict, description="default values of variables in previews"
    )
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MAX_LANGUAGES)]

    @property
    def declared_variables(self) -> frozenset[str]:
        """The variables that a sender may give, required or optional."""
        return frozenset({*self.required_variables, *self.optional_variables})

    @property
    def code_variables(self) -> frozenset[str]:
        """The declared variables that contain a one-time code."""
        return frozenset(name for name in self.declared_variables if is_code_name(name))

    def variant_for(self, language: str) -> Variant:
        """Return the variant whose language matches best, or that of the default language."""
        by_language = {each.language: each for each in self.variants}
        found = lookup(language, by_language) or lookup(self.default_language, by_language)
        return by_language[found or self.default_language]

    def values_for(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of all variables that the template may use; others are left out.

        Missing optional variables are None, which prints nothing.

        Raises:
            MissingVariable: a required variable is missing.
            BadVariable: a value has a type or size that is not accepted.
        """
        for name in self.required_variables:
            if variables.get(name) is None:
                raise MissingVariable(name)
        names = ALWAYS_KNOWN | self.declared_variables
        given = {name: value for name, value in variables.items() if name in names}
        return dict.fromkeys(names) | plain(given)


class Rendered(Schema):
    """A message; parts that its template does not have are null."""

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
