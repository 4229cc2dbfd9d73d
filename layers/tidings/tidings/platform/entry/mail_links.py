"""The decorator of endpoints that mails link to: they answer with a redirection or a picture.

Anyone with the address may call: no access token is read, and no body. Programs call such addresses
before people do; what can be recognized of that does not count as a reader's call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tidings.platform.context import called_from
from tidings.platform.entry.http import Answer, EndpointContract, LambdaHandler, http_handler
from tidings.platform.entry.invocation import LambdaEvent, invocation
from tidings.platform.entry.pages import apology, path_of
from tidings.platform.entry.requests import header, source_address
from tidings.platform.errors import TidingsError
from tidings.platform.operation import PUBLIC

# The address is a credential, and the site that it leads to must not learn it.
HEADERS: Final = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
# The smallest picture. All its bytes are ASCII, so it passes API Gateway as a text.
PICTURE: Final = "GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\0;"
# Headers of browsers and proxies that load pages ahead (https://www.w3.org/TR/fetch-metadata/).
AHEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "Sec-Purpose": ("prefetch",),
    "Purpose": ("prefetch", "preview"),
    "X-Purpose": ("prefetch", "preview"),
    "X-Moz": ("prefetch",),
}
# Characters that an address has unquoted: those of RFC 3986, and its escapes.
UNQUOTED: Final = ":/?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True)
class Redirection:
    """Another address, to which the caller is sent."""

    url: str


@dataclass(frozen=True)
class Picture:
    """A picture that cannot be seen."""


# Takes the path parameters, and whether a reader seems to call.
Operation = Callable[[Mapping[str, str], bool], Redirection | Picture]


def mail_link(
    *, status: int, media_type: str, refusals: tuple[type[TidingsError], ...]
) -> Callable[[Operation], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event) from a function of the path parameters.

    Args:
        status: the status of success.
        media_type: that of the response.
        refusals: the errors that the operation may raise.
    """
    contract = EndpointContract(
        role=PUBLIC,
        returns=str,
        refusals=refusals,
        status=status,
        reads_token=False,
        media_type=media_type,
        refusal_media_type="text/html",  # a reader sees a page
    )

    def decorate(operation: Operation) -> LambdaHandler:
        @http_handler(operation, refused=apology)
        def handler(event: LambdaEvent) -> Answer:
            with called_from(source_address(event)), invocation():
                found = operation(path_of(event), is_by_reader(event))
            return _answer(found, status, media_type)

        handler.contract = contract  # type: ignore[attr-defined]
        return handler

    return decorate


def is_by_reader(event: LambdaEvent) -> bool:
    """Say whether a reader seems to call, and not a program that looks ahead."""
    if event.get("httpMethod") != "GET":
        return False
    sent = {name: (header(event, name) or "").lower() for name in AHEAD}
    return not any(word in sent[name] for name, words in AHEAD.items() for word in words)


def _answer(found: Redirection | Picture, status: int, media_type: str) -> Answer:
    headers, body = {**HEADERS, "Content-Type": media_type}, ""
    match found:
        case Redirection(url=url):
            headers["Location"] = quote(url, safe=UNQUOTED)
        case Picture():
            body = PICTURE
    return {"statusCode": status, "headers": headers, "body": body}
