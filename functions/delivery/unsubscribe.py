"""POST /api/v1/unsubscribe/{token}: end these mails, by the page's button or a mail program.

One-click unsubscription (RFC 8058): the address alone says who and what. Again changes nothing.
"""

from collections.abc import Mapping

from tidings.delivery.errors import BadUnsubscribeLink
from tidings.delivery.unsubscribe import unsubscribe
from tidings.platform.pages import Page, page


@page(refusals=(BadUnsubscribeLink,))
def handler(path: Mapping[str, str]) -> Page:
    link = unsubscribe(path["token"])
    return Page("You are unsubscribed", f"We send you no more mail about {link.category}.")
