"""GET /api/v1/opens/{token}: the picture of a mail, which tells that it was opened."""

from collections.abc import Mapping

from tidings.delivery.errors import BadMailLink
from tidings.delivery.responding import record_open
from tidings.platform.entry.mail_links import Picture, mail_link


@mail_link(status=200, media_type="image/gif", refusals=(BadMailLink,))
def handler(path: Mapping[str, str], by_reader: bool) -> Picture:
    record_open(path["token"], counts=by_reader)
    return Picture()
