"""Verify a phone number with a code by text message, before anything else is sent to it."""

from tidings.platform.errors import RateLimited
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import Whose, operation
from tidings.platform.security.auth import Principal, Role, require_own
from tidings.platform.security.limits import Limit
from tidings.platform.settings import settings
from tidings.platform.timing.clock import now
from tidings.users import codes, kept_accounts
from tidings.users.errors import EmailNotVerified, NoPhone, PhoneChanged, UserNotFound, WrongCode
from tidings.users.events import (
    UserPhoneVerificationRequested,
    UserPhoneVerificationRequestedData,
)
from tidings.users.models import User
from tidings.users.phones import number_range
from tidings.users.queries import find_user
from tidings.users.schemas import Acknowledgement, VerifyPhone
from tidings.users.throttle import (
    HOUR,
    PHONE_CODES_BY_ADDRESS,
    PHONE_CODES_TRIED_FOR_ACCOUNT,
)


@operation(
    role=Role.CUSTOMER,
    whose=Whose.OWN,
    refuses=(NoPhone, EmailNotVerified, PhoneChanged, UserNotFound, RateLimited),
)
def request_phone_verification(user_id: str, *, caller: Principal) -> Acknowledgement:
    """Send a code that verifies a person's phone number; an older code becomes void.

    Raises:
        Forbidden: the account belongs to another user.
        EmailNotVerified: the account's address is not verified.
        NoPhone: the account has no phone number.
        PhoneChanged: another number was set at the same time.
        RateLimited: too many codes were requested.
        redis.RedisError: Redis is unavailable.
    """
    require_own(caller, user_id)
    user = find_user(user_id)
    if user.phone is None:
        raise NoPhone
    if not user.email_verified:
        raise EmailNotVerified
    if user.phone_verified:
        return Acknowledgement(message="This number is verified.")
    _count(user_id, user.phone)
    # A code for another number may still be valid, but proves nothing about this one.
    codes.end(codes.PHONE_VERIFICATION, user_id)
    code = codes.issue(codes.PHONE_VERIFICATION, user_id)
    # The request's id is derived from its code, so that no other valid code matches it.
    check = codes.index_of(codes.PHONE_VERIFICATION, user_id, code.text)
    data = UserPhoneVerificationRequestedData(
        user_id=user_id, check=check, phone_code=code.text, code_expires_at=code.expires_at
    )
    event = UserPhoneVerificationRequested(subject=user_id, data=data)
    same_phone = User.objects(pk=user_id, deleted_at=None, phone=user.phone)
    with kept_accounts.changing(user_id):
        changed = outbox.change(same_phone, event, set__phone_check=check)
    if changed is None:
        codes.void(codes.PHONE_VERIFICATION.name, user_id, code.text)
        raise PhoneChanged
    logger.info("phone verification requested", user_id=user_id)
    return Acknowledgement(message="A code is on its way to this number.")


@operation(role=Role.CUSTOMER, whose=Whose.OWN, refuses=(WrongCode, UserNotFound, RateLimited))
def verify_phone(user_id: str, proof: VerifyPhone, *, caller: Principal) -> Acknowledgement:
    """Verify a person's phone number with a code.

    Raises:
        Forbidden: the account belongs to another user.
        WrongCode: no code was requested, it is wrong, used or expired, or the number changed.
        RateLimited: too many codes were tried.
        redis.RedisError: Redis is unavailable.
    """
    require_own(caller, user_id)
    PHONE_CODES_TRIED_FOR_ACCOUNT.take(user_id)
    user = find_user(user_id)
    check = codes.index_of(codes.PHONE_VERIFICATION, user_id, proof.code)
    if check != user.phone_check or not codes.redeem(codes.PHONE_VERIFICATION, user_id, proof.code):
        raise WrongCode
    # The number must be the one of the request: a number set meanwhile is not proven.
    asked = User.objects(pk=user_id, deleted_at=None, phone=user.phone, phone_check=check)
    with kept_accounts.changing(user_id):
        changed = asked.update_one(set__phone_verified_at=now(), unset__phone_check=True)
    if not changed:
        raise WrongCode
    logger.info("phone verified", user_id=user_id)
    return Acknowledgement(message="The number is verified.")


def _count(user_id: str, phone: str) -> None:
    """Count a code: each costs money, and goes to a number that is not proven yet."""
    here = settings()
    PHONE_CODES_BY_ADDRESS.take_for_address()
    Limit("phone-codes-person", here.phone_codes_per_hour, HOUR).take(user_id)
    Limit("phone-codes-number", here.phone_codes_per_hour, HOUR).take(phone)
    in_range = here.phone_codes_per_range_per_hour
    Limit("phone-codes-range", in_range, HOUR).take(number_range(phone))
