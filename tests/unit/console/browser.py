"""A small browser: it sends events to the console in this process, and keeps cookies."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

import console
from tests.unit.platform.builders import CONTEXT

ORIGIN: Final = "https://tidings.example"
# The prefix of the console's address, which its function does not see.
PREFIX: Final = "/prefix/stage"
TOKEN: Final = re.compile(r'name="form_token" value="([^"]+)"')
HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
FORM: Final = "application/x-www-form-urlencoded"


@dataclass
class Shown:
    """An answer as the browser shows it."""

    url: str
    status: int
    headers: dict[str, str]
    sets: list[str]
    text: str

    @property
    def token(self) -> str:
        """The token of the forms on the page."""
        found = TOKEN.search(self.text)
        assert found, self.text
        return found[1]

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the forms in the content of the page."""
        content = self.text.partition("<main")[2].partition("</main>")[0]
        return {name: html.unescape(value) for name, value in HIDDEN.findall(content)}

    @property
    def place(self) -> str:
        """The place in the console, with its query."""
        return self.url.removeprefix(f"{ORIGIN}{PREFIX}/console").lstrip("/")


@dataclass
class Browser:
    """A browser with its cookies.

    Args:
        headers: what it sends with each request.
    """

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, place: str = "", **headers: str) -> Shown:
        """Open a page; follow redirections."""
        return self.follow(self.ask("GET", self.url(place), None, **headers))

    def post(self, place: str, fields: dict[str, Any], **headers: str) -> Shown:
        """Send a form as it is; follow redirections."""
        return self.follow(self.ask("POST", self.url(place), fields, **headers))

    def send(self, place: str, **fields: Any) -> Shown:
        """Open the page of a form, fill it in, and send it."""
        page = self.get(place)
        assert page.status == 200, page.text
        return self.post(page.place, {"form_token": page.token, **page.hidden, **fields})

    def follow(self, shown: Shown) -> Shown:
        for _ in range(5):
            if shown.status != 303:
                return shown
            shown = self.ask("GET", urljoin(shown.url, shown.headers["Location"]))
        raise AssertionError(f"too many redirections: {shown.url}")

    def ask(
        self, method: str, url: str, fields: Mapping[str, Any] | None = None, **headers: str
    ) -> Shown:
        """Send one request."""
        body = None if fields is None else urlencode(fields, doseq=True)
        return self.ask_raw(method, url, body, FORM, **headers)

    def ask_raw(
        self, method: str, url: str, body: str | None, media_type: str, **headers: str
    ) -> Shown:
        """Send one request with any body."""
        parts = urlsplit(url)
        assert parts.path.startswith(f"{PREFIX}/console"), url
        path = parts.path.removeprefix(PREFIX)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        sent = {"Host": parts.netloc, "Sec-Fetch-Site": "same-origin", **self.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        below = unquote(path.removeprefix("/console").strip("/"))
        event = {
            "httpMethod": method,
            "path": path,
            "headers": sent | ({} if body is None else {"Content-Type": media_type}),
            "queryStringParameters": query or None,
            "pathParameters": {"proxy": below} if below else None,
            "requestContext": {"identity": {"sourceIp": "192.0.2.7"}},
            "body": body,
            "isBase64Encoded": False,
        }
        answer = console.handler(event, CONTEXT)
        sets = (answer.get("multiValueHeaders") or {}).get("Set-Cookie", [])
        self._keep(sets)
        return Shown(url, answer["statusCode"], answer["headers"], sets, answer["body"])

    def _keep(self, sets: list[str]) -> None:
        for each in sets:
            for name, morsel in SimpleCookie(each).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    @staticmethod
    def url(place: str = "") -> str:
        separator = "" if place[:1] in ("", "?") else "/"
        return f"{ORIGIN}{PREFIX}/console{separator}{place}"
