"""Create the resources for mails and push in LocalStack that CloudFormation does not create.

SES accepts mails of verified senders only, and LocalStack does not support its event destinations;
platform applications are not in CloudFormation on AWS either (docs/deploy-aws.md).
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from ..aws import ACCOUNT, REGION
from ..settings import CLOUDFORMATION_STACK

# The push service of each template parameter. LocalStack needs no credentials for them, and keeps
# the messages at /_aws/sns/platform-endpoint-messages.
PLATFORMS = {"IosApplication": "APNS", "AndroidApplication": "GCM"}
CREDENTIALS = {"PlatformPrincipal": "local", "PlatformCredential": "local"}
FEEDBACK = ["delivery", "bounce", "complaint", "reject"]


def verify_sender(ses: Any, mail_from: str) -> None:
    ses.verify_email_identity(EmailAddress=parseaddr(mail_from)[1])


def platform_applications(sns: Any) -> dict[str, str]:
    """Return the ARN of each by the template's parameter; creating one again returns the same."""
    return {
        parameter: sns.create_platform_application(
            Name=CLOUDFORMATION_STACK, Platform=platform, Attributes=CREDENTIALS
        )["PlatformApplicationArn"]
        for parameter, platform in PLATFORMS.items()
    }


def feedback_topic() -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{CLOUDFORMATION_STACK}-mail-feedback"


def mail_events(ses: Any, topic: str) -> None:
    """Make SES send feedback on mails to the topic, unless it does so already."""
    name = f"{CLOUDFORMATION_STACK}-mails"
    if name in {each["Name"] for each in ses.list_configuration_sets()["ConfigurationSets"]}:
        return
    ses.create_configuration_set(ConfigurationSet={"Name": name})
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestination={
            "Name": "feedback",
            "Enabled": True,
            "MatchingEventTypes": FEEDBACK,
            "SNSDestination": {"TopicARN": topic},
        },
    )
