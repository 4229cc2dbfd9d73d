"""Register accounts, and verify their addresses."""

from mongoengine import NotUniqueError

from tidings.platform import acts
from tidings.platform.errors import RateLimited, RuleRefused
from tidings.platform.logging import logger
from tidings.platform.messaging import outbox
from tidings.platform.operation import PUBLIC, operation
from tidings.platform.security.auth import Principal, Role
from tidings.platform.text.search_keys import folded
from tidings.platform.timing.clock import now
from tidings.users import codes, decoys, ownership, trust
from tidings.users.errors import (
    AccountExists,
    AddressNotVerified,
    AlreadyAdmin,
    GuessablePassword,
    UnusableName,
    WrongCode,
)
from tidings.users.events import (
    UserRegistered,
    UserRegisteredData,
    UserVerificationRequested,
    UserVerificationRequestedData,
)
from tidings.users.models import User
from tidings.users.passwords import hash_password, matches
from tidings.users.preferences import nested
from tidings.users.schemas import (
    Acknowledgement,
    EmailVerification,
    RegisterUser,
    Registration,
    ResendVerification,
    UserView,
    VerifyEmail,
)
from tidings.users.throttle import (
    CODES_FOR_ADDRESS,
    REGISTRATIONS_OF_ADDRESS,
    REGISTRATIONS_OF_EMAIL,
    RESET_MAILS,
    VERIFICATION_MAILS,
    WRONG_CODES_OF_ADDRESS,
    caller_network,
    paced,
)


@operation(role=PUBLIC, refuses=(GuessablePassword, UnusableName, RateLimited))
def register_user(new: RegisterUser) -> Registration:
    """Create a customer's account, and send the code that verifies its address.

    If the address already has an account, that account does not change. The answer and the work are
    the same, so a caller does not learn who is registered.

    Raises:
        RateLimited: too many registrations from this network address, or for this e-mail address.
        redis.RedisError: Redis is unavailable.
    """
    REGISTRATIONS_OF_ADDRESS.take_for_address()
    REGISTRATIONS_OF_EMAIL.attempt(new.email)
    user = _new_user(new, Role.CUSTOMER)
    code = codes.issue(codes.VERIFICATION, user.id)
    trust.remember_network(user, caller_network(), trust.NEW_NETWORK_SECONDS)
    data = UserRegisteredData(
        user_id=user.id, verification_code=code.text, code_expires_at=code.expires_at
    )
    event = UserRegistered(subject=user.id, data=data)
    is_known = User.objects(email=new.email).only("id").first() is not None
    if is_known or not _is_inserted(user, event):
        decoys.announce(event)
        logger.info("registration ignored: address has an account")
        RESET_MAILS.forget(user.id)
    else:
        # Requests for codes before the account existed must not make its owner wait.
        RESET_MAILS.forget(new.email)
    return Registration(email=new.email)


@operation(role=PUBLIC, refuses=(RateLimited,))
def resend_verification(request: ResendVerification) -> Acknowledgement:
    """Send another code that verifies an address, if an unverified account has it.

    If a code was sent a short time ago, no new one is sent; that one still works. The answer and
    the work are the same if there is nothing to verify.

    Raises:
        RateLimited: this network address requested too many codes.
        redis.RedisError: Redis is unavailable.
    """
    CODES_FOR_ADDRESS.take_for_address()
    with paced(VERIFICATION_MAILS, request.email) as is_due:
        if is_due:
            user = User.objects(email=request.email, verified_at=None).only("id").first()
            _announce_code(user.id if user else decoys.decoy_of(request.email))
    return Acknowledgement(
        message="If this address must be verified, a code is on its way or was sent just now."
    )


@operation(
    role=PUBLIC,
    refuses=(WrongCode, GuessablePassword, RateLimited),
    note="without the account's password or access token the account is reset",
)
def verify_email(proof: VerifyEmail, *, caller: Principal | None = None) -> EmailVerification:
    """Verify the address of an account with a code.

    The right code is accepted however many wrong codes anyone tried. The account does not change
    for its creator, who is signed in to it or gives its password. For anyone else it is reset, with
    the password that they give.

    Raises:
        WrongCode: the account does not exist, or the code is wrong, used or expired.
        RateLimited: too many wrong codes came from this network address.
        redis.RedisError: Redis is unavailable.
    """
    user = User.objects(email=proof.email).first()
    holder = user.id if user else decoys.decoy_of(proof.email)
    if not codes.redeem(codes.VERIFICATION, holder, proof.code) or user is None:
        WRONG_CODES_OF_ADDRESS.take_for_address()
        raise WrongCode
    if _made_by(user, proof, caller) and ownership.confirm(user):
        return EmailVerification.of(password_needed=False)
    given = proof.password.get_secret_value() if proof.password else None
    password_hash = hash_password(given) if given else ownership.NO_PASSWORD
    taken = ownership.take_over(user.id, password_hash=password_hash)
    return EmailVerification.of(password_needed=taken is not None and given is None)


def _made_by(user: User, proof: VerifyEmail, caller: Principal | None) -> bool:
    """Say whether the person who proves the address also created the account."""
    if caller is not None and caller.user_id == user.id:
        return True
    return proof.password is not None and matches(
        user.password_hash, proof.password.get_secret_value()
    )


def create_admin(new: RegisterUser) -> UserView:
    """Create an administrator's account for an address that has no account.

    An existing account is not promoted here: a stranger may have registered it and know its
    password.

    Raises:
        AlreadyAdmin: the address already has an administrator's account.
        AddressNotVerified: the address has an account that is not verified.
        AccountExists: the address has an account; use `promote_to_admin`.
    """
    admin = _new_user(new, Role.ADMIN)
    admin.verified_at = now()
    try:
        admin.save(force_insert=True)
    except NotUniqueError:
        raise _refusal_of(User.objects(email=new.email).first()) from None
    acts.concerns("user", admin.id)
    acts.changed(after={"role": admin.role})
    logger.info("administrator created", user_id=admin.id)
    return UserView.model_validate(admin)


def _refusal_of(found: User | None) -> RuleRefused:
    """Return the error for an address that has an account."""
    if found is not None and found.role == Role.ADMIN:
        return AlreadyAdmin()
    if found is not None and not found.email_verified:
        return AddressNotVerified("email")
    return AccountExists()


def _is_inserted(user: User, event: UserRegistered) -> bool:
    """Store a new account with its event; return whether the address was free."""
    try:
        outbox.insert(user, event)
    except NotUniqueError:
        return False
    logger.info("user registered", user_id=user.id)
    return True


def _announce_code(user_id: str) -> None:
    code = codes.issue(codes.VERIFICATION, user_id)
    data = UserVerificationRequestedData(
        user_id=user_id, verification_code=code.text, code_expires_at=code.expires_at
    )
    event = UserVerificationRequested(subject=user_id, data=data)
    decoys.announce(event)
    logger.info("verification requested", user_id=user_id)


def _new_user(new: RegisterUser, role: Role) -> User:
    return User(
        email=new.email,
        name=new.name,
        name_key=folded(new.name),
        password_hash=hash_password(new.password.get_secret_value()),
        role=role.value,
        preferences=nested(new.preferences.changes()) if new.preferences else {},
    )
