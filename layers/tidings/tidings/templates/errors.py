"""What the templates' operations refuse; all of it is permanent."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class TemplateNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such template, or no such version of it.")


class TemplateExists(Conflict):
    def __init__(self) -> None:
        super().__init__("There is a template with this code already.", field="code")


class StaleTemplate(Conflict):
    def __init__(self) -> None:
        super().__init__("The template was changed meanwhile. Read it again.", field="version")


class TemplateRefused(RuleRefused):
    """A template is not stored: something in it would fail later."""


class RenderingFailed(RuleRefused):
    """A message cannot be made of a template and these variables, now or later."""


class MissingVariable(RenderingFailed):
    def __init__(self, name: str) -> None:
        super().__init__(f"The variable {name} is missing.", field=f"variables.{name}")


class BadVariable(RenderingFailed):
    """A value is of a kind or a size that templates do not take."""


class OutputTooLarge(RenderingFailed):
    def __init__(self) -> None:
        super().__init__("The message would become too large.")


class RenderingTooSlow(RenderingFailed):
    def __init__(self) -> None:
        super().__init__("The message takes too long to make.")


class BrokenTemplate(RenderingFailed):
    """A template asks for something that these variables do not have."""
