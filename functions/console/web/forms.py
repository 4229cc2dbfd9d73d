"""Forms are accepted from our own pages only (cross-site request forgery)."""

from typing import Final

from tidings.platform.errors import Forbidden
from tidings.platform.logging import logger
from tidings.platform.security.signatures import is_signed, signature
from web.requests import Request
from web.visits import Visit

FIELD: Final = "form_token"
_PURPOSE: Final = "console-form"


class ForeignForm(Forbidden):
    """A form without the token of this session, or from another site."""

    def __init__(self) -> None:
        super().__init__("This form does not belong to your session. Open the page again.")


def token_of(visit: Visit) -> str:
    """Return the token that each form of this visit must send."""
    return signature(_PURPOSE, visit.binding)


def check(visit: Visit) -> None:
    """Accept a form of our own pages.

    Raises:
        ForeignForm: it comes from another site, or belongs to another session.
    """
    if not _is_same_origin(visit.request):
        logger.warning("form refused: sent by another site")
        raise ForeignForm
    if not is_signed(_PURPOSE, visit.binding, visit.form.one(FIELD)):
        logger.info("form refused: not of this session")
        raise ForeignForm


def _is_same_origin(request: Request) -> bool:
    """Say what the browser says (Fetch Metadata); old ones send only their origin."""
    if site := request.header("Sec-Fetch-Site"):
        return site == "same-origin"
    if origin := request.header("Origin"):
        return origin.partition("://")[2] == request.header("Host")
    return True
