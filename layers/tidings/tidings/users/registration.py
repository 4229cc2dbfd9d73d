"""Becoming known to the shop: registering, and proving that one reads the address."""

from mongoengine import NotUniqueError

from tidings.platform import outbox
from tidings.platform.auth import Role
from tidings.platform.clock import now
from tidings.platform.logging import logger
from tidings.users import codes
from tidings.users.errors import WrongCode
from tidings.users.events import (
    UserRegistered,
    UserRegisteredData,
    UserVerificationRequested,
    UserVerificationRequestedData,
    UserVerified,
    UserVerifiedData,
)
from tidings.users.models import User
from tidings.users.passwords import hash_password
from tidings.users.schemas import (
    Acknowledgement,
    RegisterUser,
    Registration,
    ResendVerification,
    UserView,
    VerifyEmail,
)
from tidings.users.throttle import (
    CODES_FOR_ACCOUNT,
    CODES_FOR_ADDRESS,
    CODES_TRIED_BY_ADDRESS,
    CODES_TRIED_FOR_ACCOUNT,
    REGISTRATIONS_OF_ACCOUNT,
    REGISTRATIONS_OF_ADDRESS,
)


def register_user(new: RegisterUser) -> Registration:
    """Make a customer's account, and announce the code that verifies its address.

    The answer is the same for an address that has an account already, which is left as it
    is: nobody learns here who is registered.

    Raises:
        RateLimited: too many registrations from this network address, or of this account.
        redis.RedisError: Redis is away.
    """
    REGISTRATIONS_OF_ADDRESS.take_for_address()
    REGISTRATIONS_OF_ACCOUNT.take(new.email)
    user = _new_user(new, Role.CUSTOMER)
    code = codes.issue(codes.VERIFICATION, user.id)
    data = UserRegisteredData(
        user_id=user.id, verification_code=code.text, code_expires_at=code.expires_at
    )
    try:
        outbox.insert(user, UserRegistered(subject=user.id, data=data))
        logger.info("user registered", user_id=user.id)
    except NotUniqueError:
        codes.drop(user.id)
        logger.info("address is registered already")
    return Registration(email=new.email)


def resend_verification(request: ResendVerification) -> Acknowledgement:
    """Announce another code that verifies an address, if there is one to verify.

    The answer is the same where there is none, and a code is made all the same.

    Raises:
        RateLimited: too many codes were asked for.
        redis.RedisError: Redis is away.
    """
    CODES_FOR_ADDRESS.take_for_address()
    CODES_FOR_ACCOUNT.take(request.email)
    user = User.objects(email=request.email, verified_at=None).only("id").first()
    code = codes.issue(codes.VERIFICATION, user.id if user else codes.NOBODY)
    if user is not None:
        data = UserVerificationRequestedData(
            user_id=user.id, verification_code=code.text, code_expires_at=code.expires_at
        )
        event = UserVerificationRequested(subject=user.id, data=data)
        outbox.change(User.objects(pk=user.id, verified_at=None), event)
        logger.info("verification requested", user_id=user.id)
    return Acknowledgement(message="If this address is to be verified, a code is on its way to it.")


def verify_email(proof: VerifyEmail) -> Acknowledgement:
    """Note that a person reads the address of their account.

    Raises:
        WrongCode: there is no such account, or the code is wrong, used or expired.
        RateLimited: too many codes were tried.
        redis.RedisError: Redis is away.
    """
    CODES_TRIED_BY_ADDRESS.take_for_address()
    CODES_TRIED_FOR_ACCOUNT.take(proof.email)
    user = User.objects(email=proof.email).only("id").first()
    if not codes.redeem(codes.VERIFICATION, user and user.id, proof.code):
        raise WrongCode
    mark_verified(user.id)
    return Acknowledgement(message="The address is verified.")


def mark_verified(user_id: str) -> None:
    """Note that an address is verified and announce it; the first time counts."""
    event = UserVerified(subject=user_id, data=UserVerifiedData(user_id=user_id))
    unverified = User.objects(pk=user_id, verified_at=None, deleted_at=None)
    if outbox.change(unverified, event, set__verified_at=now()):
        logger.info("address verified", user_id=user_id)


def create_admin(new: RegisterUser) -> UserView:
    """Make an administrator, or make one of a person who has an account (password unchanged)."""
    admin = _new_user(new, Role.ADMIN)
    admin.verified_at = now()
    try:
        admin.save(force_insert=True)
    except NotUniqueError:
        admin = User.objects(email=new.email).modify(new=True, set__role=Role.ADMIN.value)
    logger.info("administrator made", user_id=admin.id)
    return UserView.model_validate(admin)


def _new_user(new: RegisterUser, role: Role) -> User:
    return User(
        email=new.email,
        name=new.name,
        password_hash=hash_password(new.password.get_secret_value()),
        role=role.value,
    )
