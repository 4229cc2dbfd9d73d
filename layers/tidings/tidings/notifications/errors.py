"""What the notifications' operations refuse."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class NotificationNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such notification.")


class NothingToSay(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The template has no words for this channel.")


class RequestIdReused(Conflict):
    def __init__(self) -> None:
        super().__init__("This request id was used for something else.", field="request_id")


class UnknownRecipient(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such user.", field="user_id")


class UnknownTemplate(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such template.", field="template_code")


class SendAtOutOfRange(RuleRefused):
    def __init__(self, days: int) -> None:
        super().__init__(f"Send at a time that lies ahead, within {days} days.", field="send_at")


class TooLateToCancel(Conflict):
    def __init__(self) -> None:
        super().__init__("Nothing of this notification waits any more.")
