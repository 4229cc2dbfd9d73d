"""Contact points: a phone for text messages, a webhook for programs."""

import base64
import secrets
from typing import Final

from pydantic import Field

from tidings.platform.logging import logger
from tidings.platform.operation import Whose, operation
from tidings.platform.schema import Schema
from tidings.platform.security.auth import Principal, Role, require_own, require_self
from tidings.users import credentials, kept_accounts
from tidings.users.contacts import webhook_key
from tidings.users.errors import SessionEnded, UncallableUrl, UserNotFound
from tidings.users.models import User
from tidings.users.phones import Phone
from tidings.users.preferences import INPUT
from tidings.users.queries import find_user
from tidings.users.webhook_urls import WebhookUrl

# The format of https://www.standardwebhooks.com, which its libraries accept.
SECRET_PREFIX: Final = "whsec_"


class SetContactPoints(Schema):
    """All contact points of a person; a field that is left out is removed."""

    model_config = INPUT

    phone: Phone | None = Field(default=None, description="in international form, E.164")
    webhook_url: WebhookUrl | None = Field(default=None, description="gets a POST per message")


class ContactPoints(Schema):
    """The contact points of a person."""

    phone: str | None
    phone_verified: bool = Field(description="before that it only gets its code")
    webhook_url: str | None
    webhook_secret: str | None = Field(
        default=None, description="verifies webhooks; shown once, when the URL is new"
    )


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(UncallableUrl, UserNotFound))
def set_contact_points(
    user_id: str, wanted: SetContactPoints, *, caller: Principal
) -> ContactPoints:
    """Replace a person's contact points.

    A new webhook gets a new secret. A new number must be verified.

    Raises:
        Forbidden: the account belongs to another user.
        SessionEnded: the account's owner or password changed at the same time.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    user = find_user(user_id)
    if caller.security_version not in {None, user.security_version}:
        raise SessionEnded
    webhook_id = user.webhook_id if user.webhook_url == wanted.webhook_url else None
    is_new = wanted.webhook_url is not None and webhook_id is None
    if is_new:
        webhook_id = secrets.token_hex(12)
    same_phone = user.phone == wanted.phone
    # The write requires an unchanged account. Otherwise a concurrent change could combine one
    # webhook with another's secret, or one number with another's proof. An ended session changes
    # nothing.
    unchanged = User.objects(
        pk=user_id,
        deleted_at=None,
        verified_at=user.verified_at,
        webhook_id=user.webhook_id,
        phone=user.phone,
        **credentials.as_checked(caller, user_id),
    )
    proof = {} if same_phone else {"unset__phone_verified_at": True, "unset__phone_check": True}
    with kept_accounts.changing(user_id):
        changed = unchanged.update_one(
            set__phone=wanted.phone,
            set__webhook_url=wanted.webhook_url,
            set__webhook_id=webhook_id,
            **proof,
        )
    if not changed:
        return set_contact_points(user_id, wanted, caller=caller)
    logger.info("contact points set", user_id=user_id)
    return ContactPoints(
        phone=wanted.phone,
        phone_verified=same_phone and user.phone_verified,
        webhook_url=wanted.webhook_url,
        webhook_secret=secret_of(webhook_id) if is_new and webhook_id else None,
    )


def get_contact_points(user_id: str, *, caller: Principal) -> ContactPoints:
    """Return a person's contact points, without the webhook's secret.

    Raises:
        Forbidden: the account belongs to another user, and the caller is not an operator.
        UserNotFound: the account does not exist.
    """
    require_self(caller, user_id)
    user = find_user(user_id)
    return ContactPoints(
        phone=user.phone, phone_verified=user.phone_verified, webhook_url=user.webhook_url
    )


def secret_of(webhook_id: str) -> str:
    """Return the secret by which a receiver verifies our calls."""
    return SECRET_PREFIX + base64.b64encode(webhook_key(webhook_id)).decode()
