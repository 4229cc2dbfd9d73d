"""Errors that template operations raise; all of them are permanent."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class TemplateNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such template, or no such version of it.")


class TemplateExists(Conflict):
    def __init__(self) -> None:
        super().__init__("A template with this code already exists.", field="code")


class StaleTemplate(Conflict):
    def __init__(self) -> None:
        super().__init__("The template changed meanwhile. Read it again.", field="version")


class TemplateRefused(RuleRefused):
    """The template is not stored, because a part of it would fail later."""


class RenderingFailed(RuleRefused):
    """The template cannot be rendered with these variables; a retry does not help."""

    part: str | None = None
    """The part that failed, such as `email.text`, if it was one."""
    line: int | None = None


class MissingVariable(RenderingFailed):
    def __init__(self, name: str) -> None:
        super().__init__(f"The variable {name} is missing.", field=f"variables.{name}")


class BadVariable(RenderingFailed):
    """A value has a type or size that templates do not accept."""


class CodeTemplate(RuleRefused):
    """Only events with a code use this template; callers cannot send it."""

    def __init__(self) -> None:
        super().__init__(
            "This template contains a one-time code, so only Tidings itself can send it.",
            field="template_code",
        )


class UnsafeCode(RenderingFailed):
    """A one-time code would be where others than its reader could get it."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"The code is not safe in {place}: {reason}.")


class OutputTooLarge(RenderingFailed):
    def __init__(self) -> None:
        super().__init__("The message would be too large.")


class RenderingTooSlow(RenderingFailed):
    def __init__(self) -> None:
        super().__init__("The message takes too long to render.")


class BrokenTemplate(RenderingFailed):
    """The template uses something that these variables do not have."""

    def name(self, template: str) -> None:
        """Begin the message with the template, the part and the line."""
        line = f"line {self.line}" if self.line else None
        where = ", ".join(each for each in (template, self.part, line) if each)
        self.message = f"{where}: {self.message}"
        self.args = (self.message,)
