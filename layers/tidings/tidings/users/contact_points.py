"""Where else a person is reached: a phone for text messages, a webhook for programs."""

import base64
import secrets
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tidings.platform.auth import Principal, require_own, require_self
from tidings.platform.logging import logger
from tidings.platform.providers.public_hosts import MAX_URL_CHARACTERS, HttpsUrl
from tidings.platform.signatures import derived_key
from tidings.users.errors import UncallableUrl
from tidings.users.models import PushToken, User
from tidings.users.preferences import INPUT, Preferences
from tidings.users.queries import find_user
from tidings.users.schemas import PushPlatform

# As https://www.standardwebhooks.com has it, and its libraries take it.
SECRET_PREFIX: Final = "whsec_"


def _callable_url(url: str) -> str:
    try:
        HttpsUrl.parse(url)
    except ValueError as error:
        raise UncallableUrl(str(error)) from None
    return url


# E.164, as telephone networks route it.
Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
WebhookUrl = Annotated[
    str,
    # For the OpenAPI document; what a URL is, the parser says.
    StringConstraints(max_length=MAX_URL_CHARACTERS, pattern=r"^https://[!-~]+$"),
    AfterValidator(_callable_url),
]


class SetContactPoints(BaseModel):
    """All contact points as they shall be; what is left out is removed."""

    model_config = INPUT

    phone: Phone | None = Field(default=None, description="in international form, E.164")
    webhook_url: WebhookUrl | None = Field(default=None, description="gets a POST per message")


class ContactPoints(BaseModel):
    """Where a person is reached."""

    phone: str | None
    webhook_url: str | None
    webhook_secret: str | None = Field(
        default=None, description="verifies webhooks; shown once, when the URL is new"
    )


class PushDevice(BaseModel):
    """A device with its token, for who sends to it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: PushPlatform
    token: str


class Contact(BaseModel):
    """Everything about a person that sending them something needs."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    user_id: str
    email: str
    email_verified: bool
    name: str
    phone: str | None
    webhook_url: str | None
    webhook_id: str | None
    devices: tuple[PushDevice, ...]
    preferences: Preferences


def set_contact_points(
    user_id: str, wanted: SetContactPoints, *, caller: Principal
) -> ContactPoints:
    """Replace a person's contact points. A webhook that is new gets a secret of its own.

    Raises:
        Forbidden: it is somebody else's.
        UserNotFound: the account was deleted.
    """
    require_own(caller, user_id)
    user = find_user(user_id)
    webhook_id = user.webhook_id if user.webhook_url == wanted.webhook_url else None
    is_new = wanted.webhook_url is not None and webhook_id is None
    if is_new:
        webhook_id = secrets.token_hex(12)
    # Only as it was read: two changes at once would give the secret of one to the other.
    unchanged = User.objects(pk=user_id, deleted_at=None, webhook_id=user.webhook_id)
    if not unchanged.update_one(
        set__phone=wanted.phone, set__webhook_url=wanted.webhook_url, set__webhook_id=webhook_id
    ):
        return set_contact_points(user_id, wanted, caller=caller)
    logger.info("contact points set", user_id=user_id)
    return ContactPoints(
        phone=wanted.phone,
        webhook_url=wanted.webhook_url,
        webhook_secret=_secret(webhook_id) if is_new and webhook_id else None,
    )


def get_contact_points(user_id: str, *, caller: Principal) -> ContactPoints:
    """Return a person's contact points; the webhook's secret is not shown again.

    Raises:
        Forbidden: it is somebody else's, and the caller is no operator.
        UserNotFound: there is none.
    """
    require_self(caller, user_id)
    user = find_user(user_id)
    return ContactPoints(phone=user.phone, webhook_url=user.webhook_url, webhook_secret=None)


def get_contacts(user_ids: Iterable[str]) -> dict[str, Contact]:
    """Return how to reach those of these people who have an account, in two round trips.

    For the other domains' consumers: it asks nobody who they are.
    """
    wanted = list(set(user_ids))
    devices: dict[str, list[PushDevice]] = {}
    for each in PushToken.objects(user_id__in=wanted).order_by("pk"):
        devices.setdefault(each.user_id, []).append(
            PushDevice(platform=each.platform, token=each.token)
        )
    users = User.objects(pk__in=wanted, deleted_at=None).batch_size(len(wanted) + 1)
    return {user.id: _contact(user, devices.get(user.id, [])) for user in users}


def webhook_key(webhook_id: str) -> bytes:
    """Return what signs the calls of a webhook; it is made anew each time, and kept nowhere."""
    return derived_key("webhook", webhook_id)


def _secret(webhook_id: str) -> str:
    return SECRET_PREFIX + base64.b64encode(webhook_key(webhook_id)).decode()


def _contact(user: User, devices: list[PushDevice]) -> Contact:
    return Contact(
        user_id=user.id,
        email=user.email,
        email_verified=user.email_verified,
        name=user.name,
        phone=user.phone,
        webhook_url=user.webhook_url,
        webhook_id=user.webhook_id,
        devices=tuple(devices),
        preferences=Preferences.of(dict(user.preferences)),
    )
