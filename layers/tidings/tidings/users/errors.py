"""What the users' operations refuse."""

from tidings.platform.errors import Forbidden, NotFound, RuleRefused, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Says the same for an unknown address and a wrong password."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class WrongServiceCredentials(Unauthenticated):
    """Says the same for an unknown client, a wrong secret and a revoked one."""

    def __init__(self) -> None:
        super().__init__("The client id or the client secret is wrong.")


class SessionEnded(Unauthenticated):
    """Says the same for a refresh token that is unknown, expired, or was used before."""

    def __init__(self) -> None:
        super().__init__("This session has ended. Sign in again.")


class WrongCode(RuleRefused):
    """Says the same for an unknown address and a wrong, used or expired code."""

    def __init__(self) -> None:
        super().__init__("The code is wrong or has expired. Ask for a new one.", field="code")


class GuessablePassword(RuleRefused):
    def __init__(self, why: str) -> None:
        super().__init__(f"This password {why}; take another one.", field="password")


class UnknownTimeZone(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "This is no time zone of the IANA database, e.g. Europe/Berlin.", field="time_zone"
        )


class NoQuietHours(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "Quiet hours end at another time than they start.", field="quiet_hours.end"
        )


class UncallableUrl(RuleRefused):
    def __init__(self, why: str) -> None:
        super().__init__(f"This URL cannot be called: {why}.", field="webhook_url")


class OwnRole(Forbidden):
    def __init__(self) -> None:
        super().__init__("Nobody sets their own role.")


class InboxAlwaysOn(RuleRefused):
    def __init__(self) -> None:
        message = "What happens to your orders is always told in the inbox."
        super().__init__(message, field="orders.inbox")


class TooManyPushTokens(RuleRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"At most {limit} devices take push messages; remove one.", field="token")


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such user.")


class PushTokenNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such push token.")


class ServiceNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such service.")
