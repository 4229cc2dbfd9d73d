"""The request of a browser: its place below /console, its query, form, cookies and headers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.entry.requests import MAX_BODY_BYTES, header
from tidings.platform.errors import InvalidInput, PayloadTooLarge, UnsupportedMediaType

FORM_TYPE: Final = "application/x-www-form-urlencoded"
MAX_FORM_FIELDS: Final = 2_000
# Longer numbers are none: Python refuses to read very long ones.
MAX_DIGITS: Final = 18
# The module of the page sends it when it refreshes a page by itself.
LIVE_HEADER: Final = "X-Console-Live"


@dataclass(frozen=True)
class Form:
    """The fields of a sent form; a field may occur several times."""

    fields: tuple[tuple[str, str], ...] = ()

    def one(self, name: str) -> str:
        """Return the value of a field without blanks around it; empty if it was not sent."""
        return next((value for key, value in self.fields if key == name), "").strip()

    def raw(self, name: str) -> str:
        """Return the value of a field as it was typed, such as a password."""
        return next((value for key, value in self.fields if key == name), "")

    def number(self, name: str) -> int | str:
        """Return the value of a field as a number; other text as it is, for its model to refuse."""
        text = self.one(name)
        is_number = text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS
        return int(text) if is_number else text

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of a field, such as the chosen rows of a table."""
        return tuple(value for key, value in self.fields if key == name)

    def filled(self, *names: str) -> dict[str, str]:
        """Return the fields that are not empty, for an input model."""
        return {name: value for name in names if (value := self.one(name))}


class Request:
    """A request, read from the event of API Gateway."""

    def __init__(self, event: LambdaEvent) -> None:
        self._event = event
        self.method: str = event["httpMethod"]
        self.query: Mapping[str, str] = event.get("queryStringParameters") or {}

    def header(self, name: str) -> str:
        """Return a header; empty if it was not sent."""
        return header(self._event, name) or ""

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The decoded parts of the path below `/console`."""
        below: str = (self._event.get("pathParameters") or {}).get("proxy") or ""
        return tuple(unquote(each) for each in below.strip("/").split("/")) if below else ()

    @property
    def has_slash_at_end(self) -> bool:
        """Whether the path ends with a slash, which changes the meaning of relative links."""
        return str(self._event.get("path")).endswith("/")

    @property
    def place(self) -> str:
        """The part of the address below `/console`, with its query."""
        path = "/".join(quote(each) for each in self.parts)
        return f"{path}?{urlencode(self.query)}" if self.query else path

    @property
    def is_live(self) -> bool:
        """Whether the page refreshes itself; that is no use of the console by a person."""
        return bool(self.header(LIVE_HEADER))

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies; the first of those with the same name counts (RFC 6265)."""
        found: dict[str, str] = {}
        for name, value in self._cookies():
            found.setdefault(name, value)
        return found

    def _cookies(self) -> Iterator[tuple[str, str]]:
        for each in self.header("Cookie").split(";"):
            name, _, value = each.strip().partition("=")
            yield name, value

    @cached_property
    def form(self) -> Form:
        """The sent form.

        Raises:
            InvalidInput: the body is not the text of a form, or has too many fields.
            UnsupportedMediaType: it is something else.
            PayloadTooLarge: it is too large.
        """
        body = self._event.get("body") or ""
        if len(body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The form is larger than {MAX_BODY_BYTES} bytes.")
        if self.header("Content-Type").partition(";")[0].strip().lower() != FORM_TYPE:
            raise UnsupportedMediaType(f"Send a form as {FORM_TYPE}.")
        try:
            pairs = parse_qsl(
                body, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS, errors="strict"
            )
        except ValueError:
            raise InvalidInput("The form cannot be read.", field="body") from None
        return Form(tuple(pairs))
