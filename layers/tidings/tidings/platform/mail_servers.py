"""The servers for mails in the order in which they are tried, as operators write them."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

SES: Final = "ses"
# The name of an SMTP server without one.
UNNAMED: Final = "smtp"
# Each is a label of metrics.
MAX_SERVERS: Final = 4
_WRITTEN: Final = re.compile(
    r"(?:(?P<name>[a-z][a-z0-9-]{0,19})=)?(?P<url>(?:smtp|smtp\+starttls|smtps)://\S+)"
)


class MailServer(NamedTuple):
    """A way to send mails: its name in histories and metrics, and its URL; None is Amazon SES."""

    name: str
    url: str | None


ONLY_SES: Final = (MailServer(SES, None),)


def mail_servers(written: Sequence[str]) -> tuple[MailServer, ...]:
    """Return the servers of a list like `["ses", "backup=smtps://user:password@host:465"]`.

    Raises:
        ValueError: the list is empty or too long, or an entry cannot be used; the message does not
            contain it, because it may have a password.
    """
    if not 1 <= len(written) <= MAX_SERVERS:
        raise ValueError(f"there must be 1 to {MAX_SERVERS} servers")
    servers = tuple(_server(each, place) for place, each in enumerate(written, 1))
    if len({each.name for each in servers}) < len(servers):
        raise ValueError("two servers have the same name; write `name=` before a URL")
    return servers


def _server(written: str, place: int) -> MailServer:
    if written == SES:
        return MailServer(SES, None)
    found = _WRITTEN.fullmatch(written)
    if found is None or found["name"] == SES or not _can_be_reached(found["url"]):
        raise ValueError(f"server {place} is neither `ses` nor `name=smtps://host:port`")
    return MailServer(found["name"] or UNNAMED, found["url"])


def _can_be_reached(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # not a port, or not a host
        return False
