"""The links and the picture in a campaign's mail that tell that it was opened or clicked.

Only the mails of people who agreed to that have them (tracking.py). A link contains the address
that it leads to, so it needs no stored data and works for as long as the mail exists. It is signed,
so it leads to no other address.
"""

import base64
import binascii
import html
import re
from typing import Final

from tidings.delivery.errors import BadMailLink
from tidings.platform.security.signatures import is_signed, signature
from tidings.platform.settings import settings

OPEN: Final = "mail-open"
CLICK: Final = "mail-click"
# The others stay as they are. Both limits bound what is stored about a mail.
MAX_LINKS: Final = 50
MAX_URL_CHARACTERS: Final = 1_000
PIXEL: Final = '<img src="{url}" alt="" width="1" height="1" style="border:0;opacity:0">'

_ID: Final = r"[A-Za-z0-9_-]{1,64}"
_OPEN_TOKEN: Final = re.compile(rf"({_ID})\.([\w-]{{24}})", re.ASCII)
_CLICK_TOKEN: Final = re.compile(rf"({_ID})\.([\w-]{{1,6000}})\.([\w-]{{24}})", re.ASCII)
_ANCHOR: Final = re.compile(r"""<a(?=[\s/])(?:[^<>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_HREF: Final = re.compile(r"""(?<=[\s"'/])href\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_WEB_ADDRESS: Final = re.compile(r"https?://[^\s\x00-\x20\x7f<>\"\\\\]+", re.IGNORECASE)


def tracked(page: str, notification_id: str) -> str:
    """Return a mail's HTML with links and a picture that tell of clicks and of its opening.

    Links to our own API stay as they are, because they act for the person: to unsubscribe, say.
    """
    kept = f"{settings().public_url}/"
    found = 0

    def replace(href: re.Match[str]) -> str:
        nonlocal found
        url = html.unescape(href[1] if href[1] is not None else href[2]).strip()
        is_ours = url.startswith(kept)
        if is_ours or not _WEB_ADDRESS.fullmatch(url) or len(url) > MAX_URL_CHARACTERS:
            return href[0]
        found += 1
        return f'href="{click_url(notification_id, url)}"' if found <= MAX_LINKS else href[0]

    linked = _ANCHOR.sub(lambda anchor: _HREF.sub(replace, anchor[0], count=1), page)
    pixel = PIXEL.format(url=open_url(notification_id))
    body, end, rest = linked.rpartition("</body>")
    return f"{body}{pixel}{end}{rest}" if end else f"{linked}{pixel}"


def open_url(notification_id: str) -> str:
    """Return the address of the picture of a mail."""
    token = f"{notification_id}.{signature(OPEN, notification_id)}"
    return f"{settings().public_url}/api/v1/opens/{token}"


def click_url(notification_id: str, url: str) -> str:
    """Return the link of a mail that leads to an address."""
    packed = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    text = f"{notification_id}.{packed}"
    return f"{settings().public_url}/api/v1/clicks/{text}.{signature(CLICK, text)}"


def read_open(token: str) -> str:
    """Return the notification of a picture.

    Raises:
        BadMailLink: we did not make the address.
    """
    parts = _OPEN_TOKEN.fullmatch(token)
    if parts is None or not is_signed(OPEN, parts[1], parts[2]):
        raise BadMailLink
    return parts[1]


def read_click(token: str) -> tuple[str, str]:
    """Return the notification of a link, and the address that it leads to.

    Raises:
        BadMailLink: we did not make the link.
    """
    parts = _CLICK_TOKEN.fullmatch(token)
    if parts is None or not is_signed(CLICK, f"{parts[1]}.{parts[2]}", parts[3]):
        raise BadMailLink
    try:
        url = base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise BadMailLink from None
    return parts[1], url
