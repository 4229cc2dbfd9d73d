"""Errors that operations for operators raise."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class FailedMessageNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such failed message.")


class PersonNotNamed(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Name the person by exactly one of id, email and phone.", field="id")


class UnknownDomain(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such domain.")


class MessageNotWaiting(Conflict):
    def __init__(self, state: str) -> None:
        super().__init__(f"This message is not waiting: it is {state}.")


class MessagesNotNamed(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Select the messages either by ids or by a filter.", field="ids")


class ChangesForOne(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Changes apply to one message: send its id in ids.", field="changes")


class ChangesRefused(RuleRefused):
    """The changes do not fit the message's type, or change what identifies it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, field="changes")
