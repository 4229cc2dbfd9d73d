"""URLs of receivers that we call: https, and no host of our own network."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from tidings.platform.providers.public_hosts import MAX_URL_CHARACTERS, HttpsUrl
from tidings.users.errors import UncallableUrl


def _callable_url(url: str) -> str:
    try:
        HttpsUrl.parse(url)
    except ValueError as error:
        raise UncallableUrl(str(error)) from None
    return url


WebhookUrl = Annotated[
    str,
    # The pattern is for the OpenAPI document; the parser decides which URLs are valid.
    StringConstraints(max_length=MAX_URL_CHARACTERS, pattern=r"^https://[!-~]+$"),
    AfterValidator(_callable_url),
]
