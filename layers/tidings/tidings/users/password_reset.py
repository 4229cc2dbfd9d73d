"""A forgotten password: a code by mail, then a new one."""

from tidings.platform import outbox
from tidings.platform.logging import logger
from tidings.users import codes, session_store
from tidings.users.errors import WrongCode
from tidings.users.events import UserPasswordResetRequested, UserPasswordResetRequestedData
from tidings.users.models import User
from tidings.users.passwords import hash_password
from tidings.users.registration import mark_verified
from tidings.users.schemas import Acknowledgement, RequestPasswordReset, ResetPassword
from tidings.users.throttle import (
    CODES_FOR_ACCOUNT,
    CODES_FOR_ADDRESS,
    CODES_TRIED_BY_ADDRESS,
    CODES_TRIED_FOR_ACCOUNT,
    SIGN_INS_OF_ACCOUNT,
)


def request_password_reset(request: RequestPasswordReset) -> Acknowledgement:
    """Announce a code that allows to set a new password, if there is such an account.

    The answer is the same where there is none, and a code is made all the same.

    Raises:
        RateLimited: too many codes were asked for.
        redis.RedisError: Redis is away.
    """
    CODES_FOR_ADDRESS.take_for_address()
    CODES_FOR_ACCOUNT.take(request.email)
    user = User.objects(email=request.email).only("id").first()
    code = codes.issue(codes.PASSWORD_RESET, user.id if user else codes.NOBODY)
    if user is not None:
        data = UserPasswordResetRequestedData(
            user_id=user.id, reset_code=code.text, code_expires_at=code.expires_at
        )
        event = UserPasswordResetRequested(subject=user.id, data=data)
        outbox.change(User.objects(pk=user.id), event)
        logger.info("password reset requested", user_id=user.id)
    return Acknowledgement(message="If this address has an account, a code is on its way to it.")


def reset_password(reset: ResetPassword) -> Acknowledgement:
    """Set a new password, end all sessions, and lift what failures brought about.

    Raises:
        WrongCode: there is no such account, or the code is wrong, used or expired.
        RateLimited: too many codes were tried.
        redis.RedisError: Redis is away.
    """
    CODES_TRIED_BY_ADDRESS.take_for_address()
    CODES_TRIED_FOR_ACCOUNT.take(reset.email)
    user = User.objects(email=reset.email).only("id").first()
    if not codes.redeem(codes.PASSWORD_RESET, user and user.id, reset.code):
        raise WrongCode
    new_hash = hash_password(reset.password.get_secret_value())
    User.objects(pk=user.id, deleted_at=None).update_one(set__password_hash=new_hash)
    # Whoever has the code reads the address.
    mark_verified(user.id)
    session_store.end_all(user.id)
    SIGN_INS_OF_ACCOUNT.forget(reset.email)
    logger.info("password reset", user_id=user.id)
    return Acknowledgement(message="The password is changed. Sign in with the new one.")
