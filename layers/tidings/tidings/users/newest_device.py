"""The newest device of a person, as their account shows it."""

from typing import Final

from tidings.users.models import PushToken
from tidings.users.schemas import AccountView

MASK: Final = "****"
# The last characters of a token that are shown, if it has many more.
SHOWN_CHARACTERS: Final = 4
LEAST_CHARACTERS: Final = 20


def with_push_token(account: AccountView) -> AccountView:
    """Return an account with the end of its newest device's token.

    Only the endpoint that shows it reads it: GraphQL's `me` is called far more often.
    """
    return account.model_copy(update={"push_token": masked_newest_token(account.id)})


def masked_newest_token(user_id: str) -> str | None:
    """Return the end of the token of a person's newest device; None without a device.

    It checks no rights.
    """
    found = PushToken._get_collection().find({"user_id": user_id}, ["token"])
    newest = next(iter(found.sort("_id", -1).limit(1)), None)
    return None if newest is None else masked(newest["token"])


def masked(token: str) -> str:
    """Return a token so that it tells devices apart and is of no other use."""
    return MASK + (token[-SHOWN_CHARACTERS:] if len(token) >= LEAST_CHARACTERS else "")
