"""Reset a forgotten password with a code sent by mail."""

from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.operation import PUBLIC, operation
from tidings.users import codes, credentials, decoys, ownership, trust
from tidings.users.errors import GuessablePassword, WrongCode
from tidings.users.events import UserPasswordResetRequested, UserPasswordResetRequestedData
from tidings.users.models import User
from tidings.users.passwords import hash_password
from tidings.users.schemas import (
    Acknowledgement,
    PasswordReset,
    RequestPasswordReset,
    ResetPassword,
)
from tidings.users.throttle import (
    CODES_FOR_ADDRESS,
    RESET_MAILS,
    WRONG_CODES_OF_ADDRESS,
    caller_network,
    forget_failures,
    paced,
)


@operation(role=PUBLIC, refuses=(RateLimited,))
def request_password_reset(request: RequestPasswordReset) -> Acknowledgement:
    """Send a code that allows to set a new password, if the account exists.

    If a code was sent a short time ago, no new one is sent; that one still works. The answer and
    the work are the same if the account does not exist.

    Raises:
        RateLimited: this network address requested too many codes.
        redis.RedisError: Redis is unavailable.
    """
    CODES_FOR_ADDRESS.take_for_address()
    with paced(RESET_MAILS, request.email) as is_due:
        if is_due:
            user = User.objects(email=request.email).only("id").first()
            _announce_code(user.id if user else decoys.decoy_of(request.email))
    return Acknowledgement(
        message="If this address has an account, a code is on its way or was sent just now."
    )


@operation(role=PUBLIC, refuses=(GuessablePassword, WrongCode, RateLimited))
def reset_password(reset: ResetPassword) -> PasswordReset:
    """Set a new password, end all sessions, and clear the waits after failed sign-ins.

    An account whose address was not verified is reset. The right code is accepted however many
    wrong codes anyone tried.

    Raises:
        WrongCode: the account does not exist, or the code is wrong, used or expired.
        RateLimited: too many wrong codes came from this network address.
        redis.RedisError: Redis is unavailable.
    """
    user = User.objects(email=reset.email).only("id").first()
    holder = user.id if user else decoys.decoy_of(reset.email)
    if not codes.redeem(codes.PASSWORD_RESET, holder, reset.code) or user is None:
        WRONG_CODES_OF_ADDRESS.take_for_address()
        raise WrongCode
    changed = _set_password(user.id, reset.password.get_secret_value())
    trust.remember_network(changed, caller_network())
    forget_failures(reset.email)
    RESET_MAILS.forget(reset.email)
    logger.info("password reset", user_id=user.id)
    return PasswordReset(device_token=trust.device_token(changed))


def _set_password(user_id: str, password: str) -> User:
    new_hash = hash_password(password)
    # The code proves the address, which an unverified account had not proven.
    changed = ownership.take_over(user_id, password_hash=new_hash)
    changed = changed or _change_password(user_id, new_hash)
    if changed is None:  # deleted after the code was redeemed
        raise WrongCode
    return changed


def _change_password(user_id: str, new_hash: str) -> User | None:
    with credentials.changing(user_id):
        changed: User | None = User.objects(pk=user_id, deleted_at=None).modify(
            new=True, set__password_hash=new_hash, **credentials.NEXT_VERSION
        )
    return changed


def _announce_code(user_id: str) -> None:
    code = codes.issue(codes.PASSWORD_RESET, user_id)
    data = UserPasswordResetRequestedData(
        user_id=user_id, reset_code=code.text, code_expires_at=code.expires_at
    )
    event = UserPasswordResetRequested(subject=user_id, data=data)
    decoys.announce(event)
    logger.info("password reset requested", user_id=user_id)
