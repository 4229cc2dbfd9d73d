"""The devices that receive a person's push messages."""

import hashlib
from typing import Final

from tidings.platform.logging import logger
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_own, require_self
from tidings.platform.timing.clock import new_id, now
from tidings.users import credentials
from tidings.users.errors import PushTokenNotFound, SessionEnded, TooManyPushTokens
from tidings.users.models import PushToken
from tidings.users.schemas import Acknowledgement, PushTokenView, RegisterPushToken

MAX_PER_PERSON: Final = 20


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(TooManyPushTokens,))
def register_push_token(
    user_id: str, new: RegisterPushToken, *, caller: Principal
) -> PushTokenView:
    """Register a device for a person's push messages; a repeated call changes nothing.

    A device that another person used before now belongs to this person.

    Raises:
        Forbidden: the account belongs to another user.
        SessionEnded: the account's owner or password changed at the same time.
        PushTokenNotFound: the device was removed at the same time.
        TooManyPushTokens: the person has the maximum number of devices.
    """
    require_own(caller, user_id)
    token_hash = _hash(new.token)
    others = PushToken.objects(user_id=user_id, token_hash__ne=token_hash).count()
    if others >= MAX_PER_PERSON:
        raise TooManyPushTokens(MAX_PER_PERSON)
    PushToken._get_collection().update_one(
        {"token_hash": token_hash},
        {
            "$set": {
                "user_id": user_id,
                "platform": new.platform.value,
                "token": new.token,
                "device": new.device,
            },
            "$setOnInsert": {"_id": new_id(), "created_at": now()},
        },
        upsert=True,
    )
    _forget_if_the_account_changed(token_hash, user_id, caller)
    logger.info("push token registered", user_id=user_id, platform=new.platform.value)
    stored = PushToken.objects(token_hash=token_hash, user_id=user_id).first()
    if stored is None:  # it was removed at the same time
        raise PushTokenNotFound
    return PushTokenView.model_validate(stored)


@operation(role=Role.CUSTOMER, whose=Whose.OWN_OR_OPERATOR, writes=False)
def get_push_tokens(user_id: str, *, caller: Principal) -> list[PushTokenView]:
    """Return a person's devices, newest first.

    Raises:
        Forbidden: they belong to another user, and the caller is not an operator.
    """
    require_self(caller, user_id)
    found = PushToken.objects(user_id=user_id).order_by("-pk").limit(MAX_PER_PERSON)
    return [PushTokenView.model_validate(each) for each in found]


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(PushTokenNotFound,))
def remove_push_token(user_id: str, token_id: str, *, caller: Principal) -> Acknowledgement:
    """Remove a device from a person's push messages.

    Raises:
        Forbidden: the account belongs to another user.
        PushTokenNotFound: the device does not exist.
    """
    require_own(caller, user_id)
    if not PushToken.objects(pk=token_id, user_id=user_id).delete():
        raise PushTokenNotFound
    logger.info("push token removed", user_id=user_id)
    return Acknowledgement(message="This device gets no more push messages.")


def forget_push_token(token: str) -> bool:
    """Delete a token that its push service no longer knows; return whether it existed."""
    return bool(PushToken.objects(token_hash=_hash(token)).delete())


def _forget_if_the_account_changed(token_hash: str, user_id: str, caller: Principal) -> None:
    """Remove a device that was stored right after its account was taken over."""
    try:
        credentials.require_version(caller, user_id)
    except SessionEnded:
        PushToken.objects(token_hash=token_hash, user_id=user_id).delete()
        raise


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
