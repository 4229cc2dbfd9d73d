"""Errors that notification operations raise."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class NotificationNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such notification.")


class RequestIdReused(Conflict):
    def __init__(self) -> None:
        super().__init__("This request id was used for another request.", field="request_id")


class UnknownRecipient(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such user.", field="user_id")


class NotInTeam(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "These credentials are of the kind team and may not send to this user.", field="user_id"
        )


class UnknownTemplate(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such template.", field="template_code")


class SendAtOutOfRange(RuleRefused):
    def __init__(self, days: int) -> None:
        super().__init__(f"Choose a time in the future, within {days} days.", field="send_at")


class TooLateToCancel(Conflict):
    def __init__(self) -> None:
        super().__init__("It is too late to cancel: no delivery of this notification waits.")


class NotificationRetracted(Conflict):
    def __init__(self) -> None:
        super().__init__("The notification was retracted, so its text cannot be changed.")


class RevisionReused(Conflict):
    def __init__(self) -> None:
        super().__init__("This revision has another text. Use a higher number.", field="revision")
