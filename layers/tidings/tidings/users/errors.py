"""Errors that user operations raise."""

from tidings.platform.errors import Conflict, Forbidden, NotFound, RuleRefused, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The same for an unknown address and a wrong password."""

    def __init__(self) -> None:
        super().__init__("The e-mail address or the password is wrong.")


class WrongServiceCredentials(Unauthenticated):
    """The same for an unknown client, a wrong secret and a revoked secret."""

    def __init__(self) -> None:
        super().__init__("The client id or the client secret is wrong.")


class SessionEnded(Unauthenticated):
    """The same for a refresh token that is unknown, expired or used before."""

    def __init__(self) -> None:
        super().__init__("This session has ended. Sign in again.")


class AccountChanged(Unauthenticated):
    def __init__(self) -> None:
        super().__init__("This account changed while you signed in. Sign in again.")


class WrongCode(RuleRefused):
    """The same for an unknown address and a wrong, used or expired code."""

    def __init__(self) -> None:
        super().__init__("The code is wrong or has expired. Ask for a new one.", field="code")


class UnusableName(RuleRefused):
    def __init__(self, why: str) -> None:
        super().__init__(f"This name cannot be used: {why}.", field="name")


class GuessablePassword(RuleRefused):
    def __init__(self, why: str) -> None:
        super().__init__(f"This password {why}; choose another one.", field="password")


class UnknownTimeZone(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "This is not a time zone of the IANA database, e.g. Europe/Berlin.", field="time_zone"
        )


class NoQuietHours(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "Quiet hours must end at another time than they start.", field="quiet_hours.end"
        )


class BothForms(RuleRefused):
    def __init__(self, switch: str, category: str) -> None:
        super().__init__(
            f"Send either {switch}, which is for all categories, or {category}.", field=switch
        )


class UncallableUrl(RuleRefused):
    def __init__(self, why: str) -> None:
        super().__init__(f"This URL cannot be called: {why}.", field="webhook_url")


class NoPhone(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no phone number to verify; set one first.", field="phone")


class PhoneChanged(Conflict):
    def __init__(self) -> None:
        super().__init__("The phone number changed meanwhile. Request a new code.", field="phone")


class EmailNotVerified(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Verify the e-mail address of the account first.", field="email")


class OwnRole(Forbidden):
    def __init__(self) -> None:
        super().__init__("Administrators cannot change their own role.")


class AccountExists(RuleRefused):
    def __init__(self) -> None:
        message = "This address has an account. Promote it instead (PROMOTE=1)."
        super().__init__(message, field="email")


class AlreadyAdmin(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The account of this address is already an administrator.", field="email")


class AddressNotVerified(RuleRefused):
    """An unverified account may belong to another person than the address."""

    def __init__(self, field: str) -> None:
        message = (
            "The address of this account is not verified, so it cannot get this role. Its owner"
            " can verify it, for example by resetting the password with a code sent by mail."
        )
        super().__init__(message, field=field)


class InboxAlwaysOn(RuleRefused):
    def __init__(self) -> None:
        message = "Messages about your orders always go to the inbox."
        super().__init__(message, field="orders.inbox")


class TooManyPushTokens(RuleRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"At most {limit} devices can get push messages; remove one.", field="token"
        )


class UserNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such user.")


class PushTokenNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such push token.")


class ServiceNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such service.")


class TeamNotWanted(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Only a service of the kind team has a team.", field="team")


class UnknownTeamMember(RuleRefused):
    """The address is not quoted, because errors are logged."""

    def __init__(self, position: int) -> None:
        super().__init__(
            f"Address {position + 1} of the team belongs to no account.", field=f"team.{position}"
        )
