"""What operators may be refused."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class FailedMessageNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such failed message.")


class MessageNotWaiting(Conflict):
    def __init__(self, state: str) -> None:
        super().__init__(f"This message does not wait here: it is {state}.")


class MessagesNotNamed(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Name the messages by ids or by a filter.", field="ids")


class ChangesForOne(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Changes are for one message: name it in ids.", field="changes")


class ChangesRefused(RuleRefused):
    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="changes")
