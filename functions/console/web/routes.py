"""The kind of the rows of `pages.table`, and the search in it."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from tidings.platform.entry.requests import PATH_PATTERNS
from tidings.platform.errors import NotFound
from tidings.platform.inputs.ids import DOCUMENT_ID_PATTERN
from tidings.platform.security.auth import Role
from web.views import Answered
from web.visits import Visit

Action = Callable[[Visit], Answered]
# Pages that anyone may see.
ANYONE: Final = None


@dataclass(frozen=True)
class Route:
    """A page.

    Args:
        path: its path below `/console`; `{name}` stands for an id, see `PATH_PATTERNS`.
        show: returns the page.
        role: the least role that may see it and act on it; ANYONE before the sign-in.
        act: handles a form that the page sends to its own address.
        label: the key of its name in the navigation, if it is there.
        is_page: False for other content, such as the mail in the frame of a preview.
    """

    path: str
    show: Action
    role: Role | None = Role.OPERATOR
    act: Action | None = None
    label: str = ""
    is_page: bool = True

    def values_in(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """Return the values in a path of this route; None if it is another one."""
        words = tuple(self.path.split("/")) if self.path else ()
        if len(words) != len(parts):
            return None
        found: dict[str, str] = {}
        for word, part in zip(words, parts, strict=True):
            name = word.strip("{}")
            if word == name:
                if word != part:
                    return None
            elif re.fullmatch(PATH_PATTERNS.get(name, DOCUMENT_ID_PATTERN), part):
                found[name] = part
            else:
                return None
        return found


def find(routes: Iterable[Route], parts: tuple[str, ...]) -> tuple[Route, dict[str, str]]:
    """Return the route of a path, and the values in the path.

    Raises:
        NotFound: there is no such page.
    """
    for route in routes:
        values = route.values_in(parts)
        if values is not None:
            return route, values
    raise NotFound("There is no such page in the console.")
