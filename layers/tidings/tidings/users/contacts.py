"""What sending a message needs to know about a person.

It is apart from the operations, so that consumers do not import these.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pydantic import ConfigDict

from tidings.platform.schema import Schema
from tidings.platform.security.signatures import derived_key
from tidings.platform.storage.rows import rows_of
from tidings.users.models import Guest, PushToken, User
from tidings.users.person_names import is_plain
from tidings.users.persons import Person, persons
from tidings.users.preferences import Channels, Preferences
from tidings.users.push_platforms import PushPlatform
from tidings.users.simulated import (
    Outcome,
    address_of,
    phone_of,
    simulated_persons,
    token_of,
    url_of,
)

_NOTHING: Final = Channels(inbox=False)
_EVERY_CHANNEL: Final = Channels(email=True, push=True, sms=True, webhook=True)


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
    # A person without an account.
    is_guest: bool = False
    preferences: Preferences

    @property
    def known_name(self) -> str | None:
        """The name for greetings, or None.

        It is None for an unverified address, because a stranger may have typed the name, and for an
        old name that a mail program would turn into a link.
        """
        return self.name if self.name and self.email_verified and is_plain(self.name) else None


def get_contacts(
    user_ids: Iterable[str], *, with_devices: bool = True, may_be_kept: bool = False
) -> dict[str, Contact]:
    """Return the contacts of those people who have an account, in two round trips.

    The simulated persons and guests have contacts, too.

    It checks no rights: it is for consumers of other domains.

    Args:
        with_devices: without them it is one round trip, and the contacts list no devices.
        may_be_kept: whether copies of the accounts may be used (persons.py). They have no
            `phone_check`, so messages with codes need the accounts themselves.
    """
    everyone = set(user_ids)
    simulated = {
        user_id: _simulated(user_id, outcome)
        for user_id, outcome in simulated_persons(everyone).items()
    }
    wanted = list(everyone - simulated.keys())
    if not wanted:
        return simulated
    devices = _devices(wanted) if with_devices else {}
    found = persons(wanted).values() if may_be_kept else _accounts(wanted)
    people = {user.id: _contact(user, devices.get(user.id, [])) for user in found}
    missing = [each for each in wanted if each not in people]
    return people | simulated | (_guests(missing) if missing else {})


def webhook_key(webhook_id: str) -> bytes:
    """Return the key that signs the calls of a webhook; it is derived each time, never stored."""
    return derived_key("webhook", webhook_id)


def _accounts(user_ids: Sequence[str]) -> Iterator[Any]:
    found = User._get_collection().find(
        {"_id": {"$in": list(user_ids)}, "deleted_at": None}, batch_size=len(user_ids) + 1
    )
    return rows_of(User, found)


def _devices(user_ids: Sequence[str]) -> dict[str, list[PushDevice]]:
    """Return people's devices, the oldest first."""
    found = PushToken._get_collection().find({"user_id": {"$in": list(user_ids)}}).sort("_id")
    devices: dict[str, list[PushDevice]] = {}
    for each in rows_of(PushToken, found):
        devices.setdefault(each.user_id, []).append(
            PushDevice(platform=each.platform, token=each.token)
        )
    return devices


def _contact(user: Any, devices: list[PushDevice]) -> Contact:
    return Contact(
        user_id=user.id,
        email=user.email,
        email_verified=user.email_verified,
        name=user.name,
        phone=user.phone,
        phone_verified=user.phone_verified,
        phone_check=None if isinstance(user, Person) else user.phone_check,
        webhook_url=user.webhook_url,
        webhook_id=user.webhook_id,
        devices=tuple(devices),
        preferences=Preferences.of(dict(user.preferences)),
    )


def _guests(guest_ids: Sequence[str]) -> dict[str, Contact]:
    found = Guest._get_collection().find({"_id": {"$in": list(guest_ids)}})
    return {each.id: _guest(each) for each in rows_of(Guest, found)}


def _guest(guest: Any) -> Contact:
    """Return the contact of a guest.

    Until the owner of the address confirms it, only a mail about the account's category goes there:
    the question itself.
    """
    stock = Channels(inbox=False, email=guest.verified_at is not None)
    return Contact(
        user_id=guest.id,
        email=guest.email,
        email_verified=True,
        name="",
        phone=None,
        webhook_url=None,
        webhook_id=None,
        devices=(),
        is_guest=True,
        preferences=Preferences(
            orders=_NOTHING,
            promotions=_NOTHING,
            recommendations=_NOTHING,
            tasks=_NOTHING,
            stock=stock,
            language=guest.language,
        ),
    )


def _simulated(user_id: str, outcome: Outcome) -> Contact:
    every = _EVERY_CHANNEL
    return Contact(
        user_id=user_id,
        email=address_of(outcome),
        email_verified=True,
        name="Simulated recipient",
        phone=phone_of(outcome),
        phone_verified=True,
        webhook_url=url_of(outcome),
        webhook_id=user_id,
        devices=(PushDevice(platform=PushPlatform.ANDROID, token=token_of(outcome)),),
        preferences=Preferences(
            orders=every, promotions=every, recommendations=every, tasks=every, stock=every
        ),
    )
