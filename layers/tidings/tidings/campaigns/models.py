"""Documents of the campaigns' database."""

from mongoengine import (
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    MapField,
    StringField,
)

from tidings.campaigns.calendar import ScheduleKind
from tidings.campaigns.states import CampaignState
from tidings.platform.clock import new_id, now
from tidings.platform.outbox import OutboxDocument


class CampaignAudience(EmbeddedDocument):
    """Who is meant: all customers of whom everything holds that is said here."""

    bought_category = StringField()
    # No order for so many days, and an account for longer.
    inactive_days = IntField()
    language = StringField()


class CampaignSchedule(EmbeddedDocument):
    kind = StringField(required=True, choices=[kind.value for kind in ScheduleKind])
    at = DateTimeField()


class CampaignRun(EmbeddedDocument):
    """One time that a campaign goes to its audience; nobody is told twice in a run.

    The audience is walked in order of the people's ids: who is at or before `cursor` was told.
    """

    id = StringField(required=True)
    due_at = DateTimeField(required=True)
    started_at = DateTimeField(required=True)
    cursor = StringField()
    audience = IntField(required=True, default=0)
    finished_at = DateTimeField()


class CampaignTransition(EmbeddedDocument):
    """A step of a campaign; there is no person where the shop's own machinery took it."""

    state = StringField(required=True, choices=[state.value for state in CampaignState])
    at = DateTimeField(required=True)
    user_id = StringField()


class Campaign(OutboxDocument):
    """Something that many people are told. `run` is the current run, or the last one.

    It stays small: a weekly one takes two steps a week.
    """

    id = StringField(primary_key=True, default=new_id)
    name = StringField(required=True)
    template_code = StringField(required=True)
    variables = MapField(StringField())
    voucher = StringField()
    audience = EmbeddedDocumentField(CampaignAudience, required=True)
    schedule = EmbeddedDocumentField(CampaignSchedule, required=True)
    state = StringField(required=True, choices=[state.value for state in CampaignState])
    history = EmbeddedDocumentListField(CampaignTransition)
    next_run_at = DateTimeField()
    run = EmbeddedDocumentField(CampaignRun)
    # Of all runs that are over.
    told_before = IntField(required=True, default=0)
    created_at = DateTimeField(required=True, default=now)

    meta = {  # noqa: RUF012
        "db_alias": "campaigns",
        "collection": "campaigns",
        "indexes": [("state", "next_run_at"), ("state", "-id")],
    }

    def told_to_all(self) -> dict[str, str]:
        """Return what its template gets to know; what it does not declare is left out there."""
        voucher = {"voucher": self.voucher} if self.voucher else {}
        return {"campaign": self.name, **voucher, **self.variables}
