"""Input and output models of campaign operations."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from tidings.campaigns.calendar import ScheduleKind
from tidings.campaigns.errors import TimeMissing, TimeNotAsked, WaitNotAsked
from tidings.campaigns.states import CampaignState, RunPhase, WinnerRule, WonBy
from tidings.delivery.response_kinds import MailResponseKind
from tidings.notifications.schemas import RequestId
from tidings.platform.inputs.ids import DocumentId
from tidings.platform.inputs.partial import left_as_it_is
from tidings.platform.schema import Schema
from tidings.platform.storage.pagination import PageRequest
from tidings.platform.text.languages import Language
from tidings.platform.text.visible_text import VisibleLine
from tidings.platform.timing.times import Time
from tidings.templates.schemas import TemplatePreview

INPUT: Final = ConfigDict(extra="forbid", frozen=True)
MAX_VARIABLES: Final = 30
MAX_NAME: Final = 200
MAX_VERSION: Final = 2**31 - 1


# No control characters, because MongoDB accepts no NUL.
TEXT: Final = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

Line = Annotated[str, VisibleLine(max_length=MAX_NAME)]
Text = Annotated[str, StringConstraints(max_length=2_000, pattern=TEXT)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
TemplateCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Variables = Annotated[dict[VariableName, Text], Field(max_length=MAX_VARIABLES)]
VariantKey = Annotated[str, StringConstraints(pattern=r"^[a-d]$")]
Category = Annotated[str, VisibleLine(max_length=100)]


class MailResponseCondition(Schema):
    """What a person did with a campaign's mail; it selects only people who agree to tracking."""

    model_config = INPUT

    campaign_id: DocumentId
    response: MailResponseKind
    within_days: Annotated[int, Field(ge=1, le=180, strict=True)] = Field(
        180, description="only mails that were sent in the last so many days"
    )


class AudienceInput(Schema):
    """The audience: all customers that meet every condition."""

    model_config = INPUT

    bought_category: Category | None = None
    inactive_days: Annotated[int, Field(ge=1, le=3650, strict=True)] | None = Field(
        None, description="no order for this many days, and an account for longer"
    )
    language: Language | None = Field(
        None, description="customers with this language, in any region: `es` includes `es-419`"
    )
    mail_response: MailResponseCondition | None = Field(
        None, description="what they did with a campaign's mail, of people who agree to tracking"
    )


class VariantInput(Schema):
    """A message of an experiment; what it leaves out is as in the campaign."""

    model_config = INPUT

    template_code: TemplateCode | None = None
    variables: Variables = Field(
        default_factory=dict, description="instead of the campaign's variables of these names"
    )


class ExperimentInput(Schema):
    """Messages that a part of the audience gets first; the best one goes to all others."""

    model_config = INPUT

    variants: Annotated[list[VariantInput], Field(min_length=2, max_length=4)] = Field(
        description="their keys are a, b, c, d"
    )
    share_percent: Annotated[int, Field(ge=1, le=50, strict=True)] = Field(
        20, description="the part of the audience that gets the variants"
    )
    decide_by: WinnerRule
    wait_hours: Annotated[int, Field(ge=1, le=72, strict=True)] | None = Field(
        None, description="from the end of the test; the default is 24; none if operators decide"
    )

    @model_validator(mode="after")
    def _wait_where_one_is_needed(self) -> Self:
        if self.decide_by is WinnerRule.OPERATOR and self.wait_hours is not None:
            raise WaitNotAsked
        return self


class ScheduleInput(Schema):
    """The time of a run: next Friday at 12:00 UTC, a given time, or every Friday at 12:00 UTC."""

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


class CreateCampaign(Schema):
    """A new campaign; it starts as a draft."""

    model_config = INPUT

    name: Line
    template_code: TemplateCode
    audience: AudienceInput = AudienceInput.model_validate({})
    schedule: ScheduleInput
    voucher: Line | None = None
    voucher_id: DocumentId | None = Field(
        None, description="the voucher of which each person is told a code, in `voucher_code`"
    )
    variables: Variables = Field(
        default_factory=dict, description="variables of the template, the same for everyone"
    )
    experiment: ExperimentInput | None = None


class EditCampaign(Schema):
    """The fields to change; other fields do not change. `version` is the version that was read.

    Audience, schedule and variables are replaced as a whole.
    """

    model_config = INPUT

    version: Annotated[int, Field(ge=1, le=MAX_VERSION, strict=True)]
    name: Line = left_as_it_is()
    template_code: TemplateCode = left_as_it_is()
    audience: AudienceInput = left_as_it_is()
    schedule: ScheduleInput = left_as_it_is()
    voucher: Line | None = Field(None, description="null removes it")
    voucher_id: DocumentId | None = Field(None, description="null removes it")
    variables: Variables = left_as_it_is()
    experiment: ExperimentInput | None = Field(None, description="null removes it")


class ChooseCampaignWinner(Schema):
    """The variant that all others get."""

    model_config = INPUT

    variant: VariantKey


class CopyCampaign(Schema):
    """The name of a copy."""

    model_config = INPUT

    name: Line | None = Field(None, description="by default `Copy of` and the name of the original")


class SendCampaignTest(Schema):
    """The operators who get a sample of the message, and its language."""

    model_config = INPUT

    request_id: RequestId = Field(
        description="an id that the caller chooses: a repeated request sends nothing"
    )
    operator_ids: Annotated[list[DocumentId], Field(min_length=1, max_length=5)] | None = Field(
        None, description="operators or administrators; the default is the caller"
    )
    language: Language = "en"
    variant: VariantKey | None = Field(None, description="of the campaign's experiment")


class CampaignFilter(Schema):
    """A filter for campaigns; fields that are left out do not filter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: CampaignState | None = None


class CampaignListQuery(CampaignFilter, PageRequest):
    """A filter for campaigns, and the requested part of the list."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class PreviewQuery(Schema):
    """The language and the variant of the sample."""

    model_config = ConfigDict(frozen=True)

    language: Language = "en"
    variant: VariantKey | None = None


class SentSample(Schema):
    """A sample of a campaign's message; the notification's status has the result."""

    user_id: str = Field(description="the operator")
    notification_id: str


class CampaignTest(Schema):
    """The samples of a test, one for each operator."""

    request_id: str
    samples: list[SentSample]


class MailResponseConditionView(Schema):
    model_config = ConfigDict(from_attributes=True)

    campaign_id: str
    response: MailResponseKind
    within_days: int


class AudienceView(Schema):
    model_config = ConfigDict(from_attributes=True)

    bought_category: str | None
    inactive_days: int | None
    language: str | None
    mail_response: MailResponseConditionView | None


class ScheduleView(Schema):
    model_config = ConfigDict(from_attributes=True)

    kind: ScheduleKind
    at: datetime | None


class VariantView(Schema):
    model_config = ConfigDict(from_attributes=True)

    key: str
    template_code: str | None
    variables: dict[str, str]


class ExperimentView(Schema):
    model_config = ConfigDict(from_attributes=True)

    variants: list[VariantView]
    share_percent: int
    decide_by: WinnerRule
    wait_hours: int | None


class RunView(Schema):
    """A run of the campaign; `audience` is the number of people it has reached so far."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None
    audience: int
    phase: RunPhase | None = Field(description="null without an experiment")
    decide_at: datetime | None = Field(description="when the winner is chosen")
    winner: str | None = Field(description="the key of the variant that won")
    won_by: WonBy | None


class CampaignTransitionView(Schema):
    model_config = ConfigDict(from_attributes=True)

    state: CampaignState
    at: datetime
    user_id: str | None


class CampaignView(Schema):
    """A campaign as operators see it; `run` is the current run, or the last one."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    template_code: str
    voucher: str | None
    voucher_id: str | None
    variables: dict[str, str]
    audience: AudienceView
    schedule: ScheduleView
    experiment: ExperimentView | None
    state: CampaignState
    next_run_at: datetime | None
    run: RunView | None
    history: list[CampaignTransitionView]
    version: int = Field(description="counts the edits; an edit must contain it")
    created_at: datetime


class ChannelNumbers(Schema):
    """The results on one channel, in messages; `waiting` ones are not due yet or not sent yet."""

    channel: str
    sent: int
    delivered: int
    failed: int
    suppressed: int
    waiting: int


class VariantNumbers(Schema):
    """The results of a variant among the people of the test."""

    key: str
    people: int
    tracked: int = Field(description="mails to people who agreed to tracking")
    opened: int
    clicked: int


class CampaignNumbers(Schema):
    """The results of a campaign in all its runs, in people.

    People who got it on any channel, including the inbox, count as sent. All others count as
    suppressed, failed or waiting.
    """

    audience: int = Field(description="people in the audience so far")
    sent: int
    delivered: int = Field(description="part of `sent`: people that it is known to have reached")
    failed: int
    suppressed: int
    waiting: int
    read: int
    unsubscribed: int
    tracked: int = Field(
        description="mails to people who agreed that opens and clicks are recorded"
    )
    opened: int = Field(description="part of `tracked`: mails that were opened or clicked")
    clicked: int = Field(description="part of `tracked`: mails with a link that was clicked")
    channels: list[ChannelNumbers]
    variants: list[VariantNumbers] = Field(description="empty without an experiment")


class CampaignDetails(CampaignView):
    """A campaign with its numbers."""

    numbers: CampaignNumbers


class CampaignPreview(Schema):
    """The audience if the campaign ran now, and a sample of its text."""

    audience_size: int
    audience_complete: bool = Field(
        description="false if counting took too long, and the size is a lower bound"
    )
    sample: TemplatePreview
