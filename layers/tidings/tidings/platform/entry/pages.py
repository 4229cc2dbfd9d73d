"""The decorator of endpoints that people open in a browser: they respond with an HTML page.

Anyone with the address may call: no access token is read, and no body.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tidings.platform.context import called_from
from tidings.platform.entry.http import Answer, EndpointContract, LambdaHandler, http_handler
from tidings.platform.entry.invocation import LambdaEvent, invocation
from tidings.platform.entry.problems import problem_of
from tidings.platform.entry.requests import PATH_PATTERNS, source_address
from tidings.platform.errors import TidingsError
from tidings.platform.operation import PUBLIC

STYLE: Final = """
body{margin:0;font:1rem/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1c2430}
main{max-width:30rem;margin:12vh auto;padding:2rem;background:#fff;border-radius:.75rem;
box-shadow:0 1px 4px #0002}
h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.25}
button{margin-top:1rem;padding:.7rem 1.4rem;border:0;border-radius:.5rem;font:inherit;
font-weight:600;color:#fff;background:#1a56db;cursor:pointer}
button:focus-visible{outline:3px solid #1a56db88;outline-offset:2px}
@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6e9ee}main{background:#1c2430}}
"""
FRAME: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
FORM: Final = """<form method="post">{fields}<button type="submit">{label}</button></form>"""
# The address is the credential, so it must not leak as a referrer or be indexed.
HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}


@dataclass(frozen=True)
class Button:
    """A button that posts these fields to the page's own address."""

    label: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """The content of a page."""

    title: str
    text: str
    button: Button | None = None


def page(
    *, refusals: tuple[type[TidingsError], ...] = ()
) -> Callable[[Callable[[Mapping[str, str]], Page]], LambdaHandler]:
    """Make a Lambda handler (API Gateway proxy event) from a function of the path parameters.

    Args:
        refusals: the errors that the operation may raise.
    """
    contract = EndpointContract(
        role=PUBLIC, returns=str, refusals=refusals, reads_token=False, media_type="text/html"
    )

    def decorate(operation: Callable[[Mapping[str, str]], Page]) -> LambdaHandler:
        @http_handler(operation, refused=apology)
        def handler(event: LambdaEvent) -> Answer:
            with called_from(source_address(event)), invocation():
                return _answer(200, operation(path_of(event)), {})

        handler.contract = contract  # type: ignore[attr-defined]
        return handler

    return decorate


def apology(error: Exception) -> Answer:
    """Return the page that tells a reader about an error."""
    problem = problem_of(error)
    told = Page("That did not work", problem.message)
    return _answer(problem.status, told, problem.headers)


def path_of(event: LambdaEvent) -> Mapping[str, str]:
    """Return the path parameters; one that does not match its pattern is empty."""
    given: Mapping[str, str] = event.get("pathParameters") or {}
    return {
        name: value if re.fullmatch(PATH_PATTERNS[name], value) else ""
        for name, value in given.items()
    }


def _answer(status: int, content: Page, headers: Mapping[str, str]) -> Answer:
    return {
        "statusCode": status,
        "headers": {**HEADERS, **headers},
        "body": FRAME.format(
            title=html.escape(content.title),
            text=html.escape(content.text),
            style=STYLE,
            form=_form(content.button) if content.button else "",
        ),
    }


def _form(button: Button) -> str:
    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in button.fields.items()
    )
    return FORM.format(fields=fields, label=html.escape(button.label))
