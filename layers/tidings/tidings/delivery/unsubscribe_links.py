"""The links in mails that unsubscribe from a category (unsubscribe.py reads them)."""

from typing import Final, get_args

from tidings.platform.security.signatures import signature
from tidings.platform.settings import settings
from tidings.users.preferences import Category

PURPOSE: Final = "unsubscribe"
# Mails about the account itself, such as codes, cannot be switched off.
CATEGORIES: Final = frozenset(get_args(Category)) - {"account"}


def unsubscribe_url(user_id: str, category: Category, notification_id: str) -> str:
    """Return the link for one mail.

    Raises:
        ValueError: people cannot unsubscribe from mails of this category.
    """
    if category not in CATEGORIES:
        raise ValueError(f"mails of {category} cannot be ended")
    text = f"{user_id}.{category}.{notification_id}"
    return f"{settings().public_url}/api/v1/unsubscribe/{text}.{signature(PURPOSE, text)}"
