"""What the campaigns' operations refuse."""

from tidings.platform.errors import NotFound, RuleRefused


class CampaignNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such campaign.")


class CampaignStepRefused(RuleRefused):
    """A campaign cannot go there from where it is; `before` says where that is."""

    def __init__(self, before: str, after: str) -> None:
        self.before = before
        super().__init__(f"A campaign that is {before} cannot become {after}.", field="state")


class NothingToResume(RuleRefused):
    def __init__(self, before: str) -> None:
        super().__init__(
            f"A campaign that is {before} is not paused: there is nothing to resume.",
            field="state",
        )


class UnknownTemplate(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such template.", field="template_code")


class VariableMissing(RuleRefused):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"The template needs to be told its variable {name}.", field=f"variables.{name}"
        )


class TimeHasPassed(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The campaign's time has passed.", field="schedule.at")


class TimeMissing(RuleRefused):
    def __init__(self) -> None:
        super().__init__("A campaign for a time says which.", field="schedule.at")


class TimeNotAsked(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Only a campaign for a time says which.", field="schedule.at")
