"""Errors that task operations raise."""

from tidings.platform.errors import Conflict, Forbidden, NotFound, RuleRefused


class TaskNotFound(NotFound):
    """The task does not exist, or the caller may not see it."""

    def __init__(self) -> None:
        super().__init__("There is no such task.")


class StaleTask(Conflict):
    def __init__(self) -> None:
        super().__init__("The task changed meanwhile. Read it again.", field="version")


class AssigningNotAllowed(Forbidden):
    def __init__(self) -> None:
        super().__init__("You can assign tasks to yourself only.", field="assignee_id")


class DeletingNotAllowed(Forbidden):
    def __init__(self) -> None:
        super().__init__("Only its owner can delete this task.")


class UnknownAssignee(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such user.", field="assignee_id")


class BadTaskFile(RuleRefused):
    """The file as a whole cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(message, field="file")


class TooManyRows(RuleRefused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"The file has more than {limit} rows; split it.", field="file")


class UploadKeyReused(Conflict):
    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another file.", field="idempotency_key")
