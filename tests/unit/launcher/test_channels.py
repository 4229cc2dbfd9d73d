"""Tests of the resources that the launcher creates in LocalStack for mails and push, with moto."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.contract.project import template
from tests.simulated_aws import simulated_aws
from tidings_local.launcher.running.channels import (
    FEEDBACK,
    PLATFORMS,
    feedback_topic,
    mail_events,
    platform_applications,
    verify_sender,
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    make: Any = boto3.client
    with simulated_aws(monkeypatch):
        yield lambda service: make(service, region_name="us-east-1")


def test_sender_is_verified_by_its_address(aws: Any) -> None:
    verify_sender(aws("ses"), "The Shop <shop@example.com>")
    assert aws("ses").list_identities()["Identities"] == ["shop@example.com"]


def test_applications_are_the_templates_parameters_and_created_once(aws: Any) -> None:
    made = platform_applications(aws("sns"))
    assert platform_applications(aws("sns")) == made
    assert set(made) == set(PLATFORMS) <= set(template()["Parameters"])
    assert len(aws("sns").list_platform_applications()["PlatformApplications"]) == 2


def test_mail_events_go_to_the_topic_and_are_created_once(aws: Any) -> None:
    for _ in range(2):
        mail_events(aws("ses"), feedback_topic())
    sets = aws("ses").list_configuration_sets()["ConfigurationSets"]
    assert [each["Name"] for each in sets] == ["tidings-mails"]


def test_template_requests_the_same_events() -> None:
    resources = template()["Resources"]
    destination = resources["MailEvents"]["Properties"]["EventDestination"]
    assert destination["MatchingEventTypes"] == FEEDBACK
    assert resources["Mails"]["Properties"]["Name"] == {"Fn::Sub": "${AWS::StackName}-mails"}
    name = resources["MailFeedback"]["Properties"]["TopicName"]["Fn::Sub"]
    assert feedback_topic().endswith(name.replace("${AWS::StackName}", "tidings"))
