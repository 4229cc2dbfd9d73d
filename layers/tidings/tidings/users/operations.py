"""What can be done with accounts."""

from mongoengine import NotUniqueError

from tidings.platform.auth import ACCESS_TOKEN_SECONDS, Principal, Role, issue_access_token
from tidings.platform.logging import logger
from tidings.users.errors import WrongCredentials
from tidings.users.models import User
from tidings.users.passwords import hash_password, matches
from tidings.users.schemas import Login, RegisterUser, Registration, Session, UserView


def register_user(new: RegisterUser) -> Registration:
    """Make a customer's account.

    The answer is the same for an address that has an account already, which is left as it
    is: nobody learns here who is registered.
    """
    user = User(
        email=new.email,
        name=new.name,
        password_hash=hash_password(new.password.get_secret_value()),
        role=Role.CUSTOMER.value,
    )
    try:
        user.save(force_insert=True)
        logger.info("user registered", user_id=user.id)
    except NotUniqueError:
        logger.info("address is registered already")
    return Registration(email=new.email)


def login(credentials: Login) -> Session:
    """Sign a person in.

    Raises:
        WrongCredentials: there is no such account, or the password is another.
    """
    user = User.objects(email=credentials.email).first()
    password_hash = user.password_hash if user else None
    if not matches(password_hash, credentials.password.get_secret_value()):
        raise WrongCredentials
    logger.info("user signed in", user_id=user.id)
    token = issue_access_token(Principal(user_id=user.id, role=Role(user.role)))
    return Session(
        access_token=token,
        expires_in=ACCESS_TOKEN_SECONDS,
        user=UserView.model_validate(user),
    )


def create_admin(new: RegisterUser) -> UserView:
    """Make an administrator, or make one of a person who has an account (password unchanged)."""
    register_user(new)
    user = User.objects(email=new.email).modify(new=True, set__role=Role.ADMIN.value)
    logger.info("administrator made", user_id=user.id)
    return UserView.model_validate(user)
