"""GET /api/v1/unsubscribe/{token}: a page that asks for confirmation.

It changes nothing, because mail scanners follow links.
"""

from collections.abc import Mapping

from tidings.delivery.errors import BadUnsubscribeLink
from tidings.delivery.unsubscribe import read_link
from tidings.platform.entry.pages import Button, Page, page


@page(refusals=(BadUnsubscribeLink,))
def handler(path: Mapping[str, str]) -> Page:
    link = read_link(path["token"])
    return Page(
        title="No more of these mails?",
        text=f"We will send you no more mail about {link.category}. "
        "You still find it in your inbox, and can change this in your preferences at any time.",
        button=Button("Unsubscribe", {"List-Unsubscribe": "One-Click"}),
    )
