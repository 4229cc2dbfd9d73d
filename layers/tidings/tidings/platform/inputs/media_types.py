"""The media type of a request's body (RFC 9110 section 8.3)."""

from typing import Final

from tidings.platform.errors import UnsupportedMediaType

JSON: Final = "application/json"
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})


def parse_content_type(content_type: str | None) -> tuple[str, str]:
    """Return the media type and the charset in lower case; the default charset is UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    named = dict(each.split("=", 1) for each in parameters if "=" in each)
    return media_type, named.get("charset", "utf-8").strip('" ')


def require_json(content_type: str | None) -> None:
    """Require that a body is declared as JSON in UTF-8.

    Pages of other sites can send the media types of HTML forms, such as text/plain, and a body
    without a type, without a preflight request
    (https://fetch.spec.whatwg.org/#cors-safelisted-request-header). JSON makes a browser send one.

    Raises:
        UnsupportedMediaType: the declared media type or charset is another one, or is missing.
    """
    media_type, charset = parse_content_type(content_type)
    if media_type != JSON:
        raise UnsupportedMediaType(f"Send JSON with the header Content-Type: {JSON}.")
    if charset not in _CHARSETS:
        raise UnsupportedMediaType("Send JSON in UTF-8.")
