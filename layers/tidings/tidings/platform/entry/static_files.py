"""The handler of a folder of files that make up a page in the browser."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tidings.platform.entry.answers import refusal
from tidings.platform.entry.http import Answer, LambdaHandler, http_handler
from tidings.platform.entry.invocation import LambdaEvent
from tidings.platform.entry.problems import problem_of
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
    # Browsers ask each time, and get 304 until a deployment changes the file (conditional.py).
    "Cache-Control": "no-cache",
}


def static_files(folder: Path, *, is_on: Callable[[], bool]) -> LambdaHandler:
    """Return a handler that serves the files of a folder, with `index.html` as its page.

    The path parameter `file` names the file. The answer is 404 for other names, and for all while
    `is_on` is false.
    """

    @cache
    def files() -> dict[str, str]:
        return {each.name: each.read_bytes().decode() for each in folder.iterdir()}

    def serve_file(event: LambdaEvent) -> Answer:
        name = (event.get("pathParameters") or {}).get("file", INDEX)
        if not is_on() or name not in files():
            raise NotFound("There is no such page.")
        headers = {**HEADERS, "Content-Type": MEDIA_TYPES[Path(name).suffix]}
        return {"statusCode": 200, "headers": headers, "body": files()[name]}

    return http_handler(serve_file, refused=_refused)(serve_file)


def _refused(error: Exception) -> Answer:
    return refusal(problem_of(error))
