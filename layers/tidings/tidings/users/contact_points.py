"""Contact points: a phone for text messages, a webhook for programs."""

import base64
import secrets
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from tidings.platform.logging import logger
from tidings.platform.operation import Whose, operation
from tidings.platform.providers.public_hosts import MAX_URL_CHARACTERS, HttpsUrl
from tidings.platform.schema import Schema
from tidings.platform.security.auth import Principal, Role, require_own, require_self
from tidings.platform.security.signatures import derived_key
from tidings.platform.storage.rows import rows_of
from tidings.users import credentials
from tidings.users.errors import SessionEnded, UncallableUrl, UserNotFound
from tidings.users.models import PushToken, User
from tidings.users.person_names import is_plain
from tidings.users.phones import Phone
from tidings.users.preferences import INPUT, Preferences
from tidings.users.queries import find_user
from tidings.users.schemas import PushPlatform

# The format of https://www.standardwebhooks.com, which its libraries accept.
SECRET_PREFIX: Final = "whsec_"


def _callable_url(url: str) -> str:
    try:
        HttpsUrl.parse(url)
    except ValueError as error:
        raise UncallableUrl(str(error)) from None
    return url


WebhookUrl = Annotated[
    str,
    # The pattern is for the OpenAPI document; the parser decides which URLs are valid.
    StringConstraints(max_length=MAX_URL_CHARACTERS, pattern=r"^https://[!-~]+$"),
    AfterValidator(_callable_url),
]


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


class PushDevice(Schema):
    """A device and its token, for the code that sends to it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    platform: PushPlatform
    token: str


class Contact(Schema):
    """All data about a person that sending a message needs."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    user_id: str
    email: str
    email_verified: bool
    name: str
    phone: str | None
    phone_verified: bool = False
    # The last request for a code for this number.
    phone_check: str | None = None
    webhook_url: str | None
    webhook_id: str | None
    devices: tuple[PushDevice, ...]
    preferences: Preferences

    @property
    def known_name(self) -> str | None:
        """The name for greetings, or None.

        It is None for an unverified address, because a stranger may have typed the name, and for an
        old name that a mail program would turn into a link.
        """
        return self.name if self.email_verified and is_plain(self.name) else None


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
    if not unchanged.update_one(
        set__phone=wanted.phone,
        set__webhook_url=wanted.webhook_url,
        set__webhook_id=webhook_id,
        **({} if same_phone else {"unset__phone_verified_at": True, "unset__phone_check": True}),
    ):
        return set_contact_points(user_id, wanted, caller=caller)
    logger.info("contact points set", user_id=user_id)
    return ContactPoints(
        phone=wanted.phone,
        phone_verified=same_phone and user.phone_verified,
        webhook_url=wanted.webhook_url,
        webhook_secret=_secret(webhook_id) if is_new and webhook_id else None,
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


def get_contacts(user_ids: Iterable[str], *, with_devices: bool = True) -> dict[str, Contact]:
    """Return the contacts of those people who have an account, in two round trips.

    It checks no rights: it is for consumers of other domains.

    Args:
        with_devices: without them it is one round trip, and the contacts list no devices.
    """
    wanted = list(set(user_ids))
    devices = _devices(wanted) if with_devices else {}
    found = User._get_collection().find(
        {"_id": {"$in": wanted}, "deleted_at": None}, batch_size=len(wanted) + 1
    )
    return {user.id: _contact(user, devices.get(user.id, [])) for user in rows_of(User, found)}


def webhook_key(webhook_id: str) -> bytes:
    """Return the key that signs the calls of a webhook; it is derived each time, never stored."""
    return derived_key("webhook", webhook_id)


def _devices(user_ids: Sequence[str]) -> dict[str, list[PushDevice]]:
    """Return people's devices, the oldest first."""
    found = PushToken._get_collection().find({"user_id": {"$in": list(user_ids)}}).sort("_id")
    devices: dict[str, list[PushDevice]] = {}
    for each in rows_of(PushToken, found):
        devices.setdefault(each.user_id, []).append(
            PushDevice(platform=each.platform, token=each.token)
        )
    return devices


def _secret(webhook_id: str) -> str:
    return SECRET_PREFIX + base64.b64encode(webhook_key(webhook_id)).decode()


def _contact(user: Any, devices: list[PushDevice]) -> Contact:
    return Contact(
        user_id=user.id,
        email=user.email,
        email_verified=user.email_verified,
        name=user.name,
        phone=user.phone,
        phone_verified=user.phone_verified,
        phone_check=user.phone_check,
        webhook_url=user.webhook_url,
        webhook_id=user.webhook_id,
        devices=tuple(devices),
        preferences=Preferences.of(dict(user.preferences)),
    )
