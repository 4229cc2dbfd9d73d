"""The devices on which a person takes push messages."""

import hashlib
from typing import Final

from tidings.platform.auth import Principal, require_own, require_self
from tidings.platform.clock import new_id, now
from tidings.platform.logging import logger
from tidings.users.errors import PushTokenNotFound, TooManyPushTokens
from tidings.users.models import PushToken
from tidings.users.schemas import Acknowledgement, PushTokenView, RegisterPushToken

MAX_PER_PERSON: Final = 20


def register_push_token(
    user_id: str, new: RegisterPushToken, *, caller: Principal
) -> PushTokenView:
    """Let a device take a person's push messages; doing it again changes nothing.

    A device that another person used before is this person's from now on.

    Raises:
        Forbidden: it is for somebody else.
        TooManyPushTokens: so many devices are enough.
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
    logger.info("push token registered", user_id=user_id, platform=new.platform.value)
    return PushTokenView.model_validate(PushToken.objects.get(token_hash=token_hash))


def get_push_tokens(user_id: str, *, caller: Principal) -> list[PushTokenView]:
    """Return the devices that take a person's push messages, newest first.

    Raises:
        Forbidden: they are somebody else's, and the caller is no operator.
    """
    require_self(caller, user_id)
    found = PushToken.objects(user_id=user_id).order_by("-pk").limit(MAX_PER_PERSON)
    return [PushTokenView.model_validate(each) for each in found]


def remove_push_token(user_id: str, token_id: str, *, caller: Principal) -> Acknowledgement:
    """Send no more push messages to a device.

    Raises:
        Forbidden: it is somebody else's.
        PushTokenNotFound: there is none.
    """
    require_own(caller, user_id)
    if not PushToken.objects(pk=token_id, user_id=user_id).delete():
        raise PushTokenNotFound
    logger.info("push token removed", user_id=user_id)
    return Acknowledgement(message="This device gets no more push messages.")


def forget_push_token(token: str) -> bool:
    """Drop a token that its push service does not know any more; say whether it was there."""
    return bool(PushToken.objects(token_hash=_hash(token)).delete())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
