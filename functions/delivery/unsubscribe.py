"""POST /api/v1/unsubscribe/{token}: unsubscribe, by the page's button or by a mail program.

One-click unsubscription (RFC 8058): the URL contains the person and the category. A repeated call
changes nothing.
"""

from collections.abc import Mapping

from tidings.delivery.errors import BadUnsubscribeLink
from tidings.delivery.unsubscribe import unsubscribe
from tidings.platform.entry.pages import Page, page


@page(refusals=(BadUnsubscribeLink,))
def handler(path: Mapping[str, str]) -> Page:
    link = unsubscribe(path["token"])
    return Page("You are unsubscribed", f"We send you no more mail about {link.category}.")
