"""Read the mails that SES accepted and the push messages that SNS accepted."""

import email
import email.policy
import re
from email.message import EmailMessage
from typing import Any

import boto3
import httpx

from tests.waiting import eventually

# Crockford's base 32, the alphabet of codes. A code is between blanks: a signed link in another
# mail contains a time of ten digits.
CODE = re.compile(r"(?<!\S)[0-9A-HJKMNP-TV-Z]{10}(?!\S)")


def mails_to(address: str) -> list[EmailMessage]:
    """Return the mails to an address, oldest first."""
    found = _localstack("/_aws/ses")["messages"]
    mails = [_parsed(each["RawData"]) for each in found if each.get("RawData")]
    return [mail for mail in mails if address in str(mail["To"])]


def code_in_mail_to(address: str) -> str:
    """Wait for the newest mail to an address, and return its code."""

    def look() -> str | None:
        texts = [str(mail.get_body(("plain",))) for mail in mails_to(address)]
        codes = [code for text in texts for code in CODE.findall(text)]
        return codes[-1] if codes else None

    return str(eventually(look, what="a mail with a code"))


def pushes_about(subject_id: str) -> list[str]:
    """Return the push messages to any device that contain this subject."""
    endpoints = _localstack(
        "/_aws/sns/platform-endpoint-messages?accountId=000000000000&region=us-east-1"
    )["platform_endpoint_messages"]
    messages = [each["Message"] for found in endpoints.values() for each in found]
    return [message for message in messages if subject_id in message]


def _parsed(raw: str) -> EmailMessage:
    mail = email.message_from_string(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def _localstack(path: str) -> Any:
    sdk: Any = boto3
    endpoint = str(sdk.client("ses").meta.endpoint_url)
    with httpx.Client(verify=False, timeout=30, trust_env=False) as http:
        answer = http.get(f"{endpoint}{path}")
    answer.raise_for_status()
    return answer.json()
