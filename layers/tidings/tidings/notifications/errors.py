"""What the notifications' operations refuse."""

from tidings.platform.errors import NotFound, RuleRefused


class NotificationNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such notification.")


class NothingToSay(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The template has no words for this channel.")
