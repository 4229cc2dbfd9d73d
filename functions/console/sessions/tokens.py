"""The tokens of a session, as one cookie holds them, so that they always belong together."""

from typing import Final, NamedTuple, Self

from tidings.users.schemas import Session

SEPARATOR: Final = "~"
MAX_CHARACTERS: Final = 200


class Tokens(NamedTuple):
    """The access token of the API, and the refresh token that renews it."""

    access: str
    refresh: str

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(session.access_token, session.refresh_token)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the tokens of a cookie's value; None if it is malformed."""
        access, _, refresh = text.partition(SEPARATOR)
        return cls(access, refresh) if access and 0 < len(refresh) <= MAX_CHARACTERS else None

    def written(self) -> str:
        return f"{self.access}{SEPARATOR}{self.refresh}"
