"""The handler of a folder of files that make up a page in the browser."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tidings.platform.entry.answers import refusal
from tidings.platform.entry.http import Answer, LambdaHandler, http_handler
from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.entry.problems import problem_of
from tidings.platform.entry.requests import header
from tidings.platform.errors import NotFound

INDEX: Final = "index.html"
MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HEADERS: Final = {
    # No inline scripts and styles; only pictures may come from other hosts.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' https:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    # Browsers ask each time, and get 304 until a deployment changes the file.
    "Cache-Control": "no-cache",
}


def static_files(folder: Path, *, is_on: Callable[[], bool]) -> LambdaHandler:
    """Return a handler that serves the files of a folder, with `index.html` as its page.

    The path parameter `file` names the file. The answer is 404 for other names, and for all while
    `is_on` is false. Unchanged files are not sent again (RFC 9110, section 13.1.2).
    """

    @cache
    def files() -> dict[str, tuple[str, str]]:
        contents = {each.name: each.read_bytes() for each in folder.iterdir()}
        return {name: (content.decode(), _tag(content)) for name, content in contents.items()}

    def serve_file(event: LambdaEvent) -> Answer:
        name = (event.get("pathParameters") or {}).get("file", INDEX)
        if not is_on() or name not in files():
            raise NotFound("There is no such page.")
        content, tag = files()[name]
        headers = {**HEADERS, "ETag": tag}
        if _has(header(event, "If-None-Match"), tag):
            return {"statusCode": 304, "headers": headers, "body": ""}
        headers["Content-Type"] = MEDIA_TYPES[Path(name).suffix]
        return {"statusCode": 200, "headers": headers, "body": content}

    return http_handler(serve_file, refused=_refused)(serve_file)


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _has(tags: str | None, tag: str) -> bool:
    known = {each.strip().removeprefix("W/") for each in (tags or "").split(",")}
    return tag in known or "*" in known


def _refused(error: Exception) -> Answer:
    return refusal(problem_of(error))
