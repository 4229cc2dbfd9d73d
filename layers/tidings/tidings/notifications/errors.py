"""What the notifications' operations refuse."""

from tidings.platform.errors import NotFound


class NotificationNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such notification.")
