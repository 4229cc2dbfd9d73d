"""A visit: the request, who made it, and in which language the page is shown."""

import re
import secrets
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from rendering.formats import Formats
from sessions.current import Entered
from texts import catalogue
from texts.catalogue import Texts
from tidings.platform.security.auth import Principal, Role, signed_in
from web import cookies
from web.links import Links
from web.requests import Form, Request

THEMES: Final = ("light", "dark")
VISITOR: Final = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass
class Visit:
    """A request and its context; pages get it, and their templates too."""

    request: Request
    # Set when the visitor turns out to be signed in.
    entered: Entered | None = None
    # The values of `{name}` in the path of the route.
    path: dict[str, str] = field(default_factory=dict)
    # `Set-Cookie` headers that the page adds.
    sets: list[str] = field(default_factory=list)

    @property
    def caller(self) -> Principal:
        """The signed-in operator or administrator."""
        return signed_in(self.entered.principal if self.entered else None)

    @property
    def is_admin(self) -> bool:
        return self.entered is not None and self.caller.role.includes(Role.ADMIN)

    @property
    def form(self) -> Form:
        return self.request.form

    def asked(self, name: str) -> str:
        """Return a parameter of the query without blanks around it; empty if it is missing."""
        return self.request.query.get(name, "").strip()

    @cached_property
    def link(self) -> Links:
        return Links(len(self.request.parts) + self.request.has_slash_at_end)

    @cached_property
    def texts(self) -> Texts:
        return catalogue.texts_in(self.language)

    @cached_property
    def formats(self) -> Formats:
        return Formats(self.language)

    @cached_property
    def language(self) -> str:
        """The chosen language, or that of the browser."""
        chosen = self.request.cookies.get(cookies.LANGUAGE, "")
        if chosen in catalogue.LANGUAGES:
            return chosen
        return catalogue.accepted(self.request.header("Accept-Language"))

    @cached_property
    def theme(self) -> str:
        """The chosen theme; empty for that of the system."""
        chosen = self.request.cookies.get(cookies.THEME, "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def visitor(self) -> str:
        """A random name of a browser that is not signed in; its forms are bound to it."""
        known = self.request.cookies.get(cookies.VISITOR, "")
        return known if VISITOR.fullmatch(known) else secrets.token_urlsafe(16)

    @property
    def binding(self) -> str:
        """What the forms of this visit are bound to: the session, or the browser."""
        if self.entered is not None:
            return f"session:{self.caller.session_id}"
        return f"visitor:{self.visitor}"
