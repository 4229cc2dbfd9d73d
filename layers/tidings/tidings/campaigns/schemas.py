"""Typed input and output of the campaigns' operations."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tidings.campaigns.calendar import ScheduleKind
from tidings.campaigns.errors import TimeMissing, TimeNotAsked
from tidings.campaigns.states import CampaignState
from tidings.platform.pagination import PageRequest
from tidings.platform.times import Time
from tidings.templates.schemas import TemplatePreview

INPUT: Final = ConfigDict(extra="forbid", frozen=True)
MAX_VARIABLES: Final = 30


# No control characters: MongoDB takes no NUL, and a subject no line break.
LINE: Final = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"
TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE)]
Text = Annotated[str, StringConstraints(max_length=2_000, pattern=TEXT)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
TemplateCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Category = Annotated[str, StringConstraints(max_length=100, pattern=LINE)]
PrimaryLanguage = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2}$"), Field(description="whatever the region")
]


class AudienceInput(BaseModel):
    """Who is meant: all customers of whom everything holds that is said here."""

    model_config = INPUT

    bought_category: Category | None = None
    inactive_days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = Field(
        None, description="no order for so many days, and an account for longer"
    )
    language: PrimaryLanguage | None = None


class ScheduleInput(BaseModel):
    """When it runs: next Friday at 12:00 UTC, at a time, or every Friday at 12:00 UTC."""

    model_config = INPUT

    kind: ScheduleKind
    at: Time | None = None

    @model_validator(mode="after")
    def _time_where_one_is_needed(self) -> Self:
        if self.kind is ScheduleKind.AT and self.at is None:
            raise TimeMissing
        if self.kind is not ScheduleKind.AT and self.at is not None:
            raise TimeNotAsked
        return self


class CreateCampaign(BaseModel):
    """A new campaign; it begins as a draft."""

    model_config = INPUT

    name: Line
    template_code: TemplateCode
    audience: AudienceInput = AudienceInput.model_validate({})
    schedule: ScheduleInput
    voucher: Line | None = None
    variables: Annotated[dict[VariableName, Text], Field(max_length=MAX_VARIABLES)] = Field(
        default_factory=dict, description="what the template is told, the same for everybody"
    )


class CampaignFilter(BaseModel):
    """Which campaigns are listed; what is left out does not narrow the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: CampaignState | None = None


class CampaignListQuery(CampaignFilter, PageRequest):
    """The query string of a list of campaigns."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PreviewQuery(BaseModel):
    """In which language the sample is wanted."""

    model_config = ConfigDict(frozen=True)

    language: PrimaryLanguage = "en"


class AudienceView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    bought_category: str | None
    inactive_days: int | None
    language: str | None


class ScheduleView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: ScheduleKind
    at: datetime | None


class RunView(BaseModel):
    """A time that the campaign goes to its audience; `audience` is how many it has reached."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None
    audience: int


class CampaignTransitionView(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: CampaignState
    at: datetime
    user_id: str | None


class CampaignView(BaseModel):
    """A campaign as operators see it; `run` is the current run, or the last one."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    template_code: str
    voucher: str | None
    variables: dict[str, str]
    audience: AudienceView
    schedule: ScheduleView
    state: CampaignState
    next_run_at: datetime | None
    run: RunView | None
    history: list[CampaignTransitionView]
    created_at: datetime


class ChannelNumbers(BaseModel):
    """What became of the messages by one channel; `waiting` has its time still to come."""

    channel: str
    sent: int
    delivered: int
    failed: int
    suppressed: int
    waiting: int


class CampaignNumbers(BaseModel):
    """What became of a campaign in all its runs, in people.

    Who got it by any channel, the inbox among them, counts as sent; who got it by none as
    suppressed, failed or waiting.
    """

    audience: int = Field(description="people that it was for, so far")
    sent: int
    delivered: int = Field(description="of those, whom it is known to have reached")
    failed: int
    suppressed: int
    waiting: int
    read: int
    unsubscribed: int
    channels: list[ChannelNumbers]


class CampaignDetails(CampaignView):
    """A campaign with its numbers."""

    numbers: CampaignNumbers


class CampaignPreview(BaseModel):
    """Whom a campaign would reach if it ran now, and what they would read."""

    audience_size: int
    audience_complete: bool = Field(
        description="False where counting took too long: there are at least so many"
    )
    sample: TemplatePreview
