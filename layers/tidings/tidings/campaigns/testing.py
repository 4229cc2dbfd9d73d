"""Send a sample of a campaign's message to operators, before customers get it."""

import json
from typing import Final

from tidings.campaigns.errors import (
    CampaignNotFound,
    NotAnOperator,
    UnknownTemplate,
    UnknownVariant,
)
from tidings.campaigns.models import Campaign, CampaignTestRequest
from tidings.campaigns.samples import message_of
from tidings.campaigns.schemas import CampaignTest, SendCampaignTest, SentSample
from tidings.campaigns.steps import find_campaign
from tidings.delivery.errors import NothingToSay
from tidings.notifications.creating import create_notifications
from tidings.notifications.errors import RequestIdReused
from tidings.notifications.samples import sample_of
from tidings.platform import acts
from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.logging import logger
from tidings.platform.operation import operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.security.limits import Limit
from tidings.platform.storage.once import digest_of, key_id, once
from tidings.templates.errors import BadVariable, RenderingFailed, TemplateNotFound
from tidings.templates.queries import template_view
from tidings.users.audience import operators_among

KIND: Final = "campaign.test"
LIMIT: Final = Limit("campaign_tests", 30, 60)


@operation(
    role=Role.OPERATOR,
    refuses=(
        *(CampaignNotFound, NotAnOperator, RequestIdReused, UnknownTemplate, UnknownVariant),
        *(NothingToSay, RenderingFailed, BadVariable, RateLimited),
    ),
)
def send_campaign_test(
    campaign_id: str, wanted: SendCampaignTest, *, caller: Principal
) -> CampaignTest:
    """Send a sample of a campaign's message, marked as a test, to the caller or other operators.

    The message has the campaign's variables, and the template's samples for all others. It is sent
    at once, whatever the operators' preferences are, and counts in no number of the campaign. A
    repeated request has the same answer and sends nothing.

    Raises:
        CampaignNotFound: the campaign does not exist.
        NotAnOperator: one of the people is no operator.
        RequestIdReused: the caller used this request id for another test.
        UnknownTemplate: the campaign's template was deleted.
        CodeTemplate: its template contains a one-time code.
        NothingToSay: the template has no mail, no push message and no text for the inbox.
        UnknownVariant: the campaign's experiment has no such variant.
        RenderingFailed: the template cannot be rendered with the variables.
        RateLimited: the caller sends too many tests.
    """
    LIMIT.take_if_counted(caller.user_id)
    campaign = find_campaign(campaign_id)
    people = list(dict.fromkeys(wanted.operator_ids or [caller.user_id]))
    acts.concerns("user", *people)
    request = _request(campaign_id, wanted, caller)
    if not request.notifications:
        try:
            request.notifications = _send(campaign, wanted, people, request.id)
        except TidingsError as error:
            if not error.retryable:  # the caller may use the id for a corrected request
                CampaignTestRequest.objects(pk=request.id, notifications={}).delete()
            raise
        CampaignTestRequest.objects(pk=request.id).update_one(
            set__notifications=request.notifications
        )
    return CampaignTest(
        request_id=wanted.request_id,
        samples=[
            SentSample(user_id=user_id, notification_id=notification_id)
            for user_id, notification_id in request.notifications.items()
        ],
    )


def _request(campaign_id: str, wanted: SendCampaignTest, caller: Principal) -> CampaignTestRequest:
    """Return the stored request with this id; store it if it is new."""
    request_id = key_id(caller.user_id, wanted.request_id)
    asked = {"campaign_id": campaign_id, **wanted.model_dump(mode="json")}
    digest = digest_of(json.dumps(asked, sort_keys=True))

    def store() -> CampaignTestRequest:
        new = CampaignTestRequest(id=request_id, content_digest=digest)
        new.save(force_insert=True)
        return new

    found = CampaignTestRequest.objects(pk=request_id).first
    request: CampaignTestRequest = once(digest, found, store, reused=RequestIdReused)
    return request


def _send(
    campaign: Campaign, wanted: SendCampaignTest, people: list[str], request_id: str
) -> dict[str, str]:
    """Store the samples, each once; return the notification of each operator.

    Raises:
        NotAnOperator: one of the people is no operator.
    """
    if operators_among(people) != set(people):
        raise NotAnOperator
    template_code, variables = message_of(campaign, wanted.variant)
    try:
        template = template_view(template_code)
        content = sample_of(
            template_code,
            {**template.sample_variables, **variables},
            kind=KIND,
            language=wanted.language,
            subject_id=campaign.id,
            request_id=request_id,
        )
    except TemplateNotFound:
        raise UnknownTemplate from None
    created = create_notifications(people, content)
    logger.info("campaign test accepted", campaign_id=campaign.id, samples=len(created))
    return {user_id: each.notification_id for user_id, each in created.items()}
