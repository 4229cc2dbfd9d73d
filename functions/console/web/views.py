"""What a page returns: a view to be rendered, a redirection, or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class View:
    """A template and its values.

    Args:
        template: its file in `templates/`.
        title: the text of the browser's title and of the heading.
        headers: further headers of the answer, such as `Retry-After`.
    """

    template: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Redirect:
    """Show another page, as after each act: a reload of that page repeats nothing.

    Args:
        to: the place in the console, such as `failed-messages?state=failed`.
        notice: the key of a text below `notices` that the page shows once.
        values: the values in that text.
        is_foreign: whether the browser named the place, so that it must be one of the table.
    """

    to: str = ""
    notice: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)
    is_foreign: bool = False


@dataclass(frozen=True)
class File:
    """Content that is no page of the console, such as a download or the preview of a mail.

    Args:
        name: the file's name if the browser should store it.
        policy: its Content-Security-Policy; by default nothing in it is loaded or run.
    """

    content: str
    media_type: str
    name: str | None = None
    policy: str = "default-src 'none'; frame-ancestors 'self'; sandbox"


Answered = View | Redirect | File
