"""GET /api/v1/clicks/{link}: a link of a mail, which leads to the address that the mail names."""

from collections.abc import Mapping

from tidings.delivery.errors import BadMailLink
from tidings.delivery.responding import record_click
from tidings.platform.entry.mail_links import Redirection, mail_link


@mail_link(status=302, media_type="text/plain", refusals=(BadMailLink,))
def handler(path: Mapping[str, str], by_reader: bool) -> Redirection:
    return Redirection(record_click(path["link"], counts=by_reader))
