"""Documents of the campaigns database."""

from datetime import datetime

from mongoengine import (
    DateTimeField,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    MapField,
    StringField,
)

from tidings.campaigns.calendar import ScheduleKind
from tidings.campaigns.states import CampaignState, RunPhase, WinnerRule, WonBy
from tidings.delivery.response_kinds import MailResponseKind
from tidings.platform.messaging.outbox import OutboxDocument
from tidings.platform.retention import stored as retention
from tidings.platform.storage.documents import StoredDocument, StoredPart
from tidings.platform.timing.clock import new_id, now


class AudienceMailResponse(StoredPart):
    """What a person did with another campaign's mails of the last days."""

    campaign_id = StringField(required=True)
    response = StringField(required=True, choices=[kind.value for kind in MailResponseKind])
    within_days = IntField(required=True)


class CampaignAudience(StoredPart):
    """The audience: all customers that meet every condition."""

    bought_category = StringField()
    # No order for this many days, and an account for longer.
    inactive_days = IntField()
    language = StringField()
    mail_response = EmbeddedDocumentField(AudienceMailResponse)


class CampaignSchedule(StoredPart):
    kind = StringField(required=True, choices=[kind.value for kind in ScheduleKind])
    at = DateTimeField()


class CampaignVariant(StoredPart):
    """A message that an experiment compares; what it does not name is as in the campaign."""

    key = StringField(required=True)
    template_code = StringField()
    variables = MapField(StringField())


class CampaignExperiment(StoredPart):
    """Messages that a part of the audience gets first; the best one goes to all others."""

    variants = EmbeddedDocumentListField(CampaignVariant)
    share_percent = IntField(required=True)
    decide_by = StringField(required=True, choices=[rule.value for rule in WinnerRule])
    # From the end of the test; None if an operator decides.
    wait_hours = IntField()

    def variant(self, key: str) -> CampaignVariant | None:
        """Return a variant by its key."""
        return next((each for each in self.variants if each.key == key), None)


class CampaignRun(StoredPart):
    """One run of a campaign to its audience; each person gets it once per run.

    The audience is processed in order of the people's ids: all up to `cursor` are done.
    """

    id = StringField(required=True)
    due_at = DateTimeField(required=True)
    started_at = DateTimeField(required=True)
    cursor = StringField()
    audience = IntField(required=True, default=0)
    finished_at = DateTimeField()
    # The fields of an experiment's run.
    phase = StringField(choices=[phase.value for phase in RunPhase])
    # By the variants' keys: the people of the test who got it.
    tested = MapField(IntField())
    decide_at = DateTimeField()
    winner = StringField()
    won_by = StringField(choices=[reason.value for reason in WonBy])

    @classmethod
    def at(cls, due_at: datetime, *, started_at: datetime) -> "CampaignRun":
        """Return a new run; its id is its time in whole seconds."""
        return cls(id=f"{due_at:%Y%m%dT%H%M%S}", due_at=due_at, started_at=started_at)


class CampaignTransition(StoredPart):
    """A step of a campaign; `user_id` is None if the shop's software made it."""

    state = StringField(required=True, choices=[state.value for state in CampaignState])
    at = DateTimeField(required=True)
    user_id = StringField()


class Campaign(OutboxDocument):
    """A promotion to many people. `run` is the current run, or the last one.

    It stays small: a weekly campaign makes two steps a week.
    """

    id = StringField(primary_key=True, default=new_id)
    name = StringField(required=True)
    template_code = StringField(required=True)
    variables = MapField(StringField())
    voucher = StringField()
    # The voucher of which each person is told a code; `voucher` is only a text.
    voucher_id = StringField()
    audience = EmbeddedDocumentField(CampaignAudience, required=True)
    schedule = EmbeddedDocumentField(CampaignSchedule, required=True)
    experiment = EmbeddedDocumentField(CampaignExperiment)
    state = StringField(required=True, choices=[state.value for state in CampaignState])
    history = EmbeddedDocumentListField(CampaignTransition)
    next_run_at = DateTimeField()
    run = EmbeddedDocumentField(CampaignRun)
    # Counts the edits, from 1; steps do not count.
    version = IntField(required=True, default=1)
    # The audience of all earlier runs.
    told_before = IntField(required=True, default=0)
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "campaigns",
        "collection": "campaigns",
        "indexes": [("state", "next_run_at"), ("state", "run.decide_at"), ("state", "-id")],
    }

    @property
    def is_in_a_run(self) -> bool:
        """Whether a run began that has not reached its whole audience; it may be paused."""
        return self.run is not None and self.run.finished_at is None

    @property
    def waits_for_winner(self) -> bool:
        """Whether the test of its experiment is over, and no winner is chosen yet."""
        return self.is_in_a_run and self.run.phase == RunPhase.WAITING.value

    def told_to_all(self) -> dict[str, str]:
        """Return the variables for the template; those that it does not declare have no effect."""
        voucher = {"voucher": self.voucher} if self.voucher else {}
        return {"campaign": self.name, **voucher, **self.variables}


class CampaignTestRequest(StoredDocument):
    """A request to send a test; its id is a hash of the caller and the caller's request id."""

    id = StringField(primary_key=True)
    content_digest = StringField(required=True)
    # The notification of each operator; empty until they are stored.
    notifications = MapField(StringField())
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "campaigns",
        "collection": "test_requests",
        "indexes": [retention.CAMPAIGN_TESTS.index()],
    }
