"""What the users' operations refuse."""

from tidings.platform.errors import NotFound, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Says the same for an unknown address and a wrong password."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such user.")
