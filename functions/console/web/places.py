"""Places of the console in addresses and forms, checked before the browser is sent there."""

from urllib.parse import parse_qsl, quote, urlencode

from tidings.platform.errors import NotFound
from web.routes import Route, find


def known_place(text: str, routes: tuple[Route, ...]) -> str:
    """Return the place that a text names, or the overview if there is no such page.

    Only words of the table and ids pass, so the text cannot lead to another site.
    """
    path, _, query = text.partition("?")
    parts = tuple(path.split("/")) if path else ()
    try:
        find(routes, parts)
    except NotFound:
        return ""
    below = "/".join(quote(each) for each in parts)
    pairs = parse_qsl(query, keep_blank_values=True)
    return f"{below}?{urlencode(pairs)}" if pairs else below
