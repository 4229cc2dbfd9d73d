"""Errors that campaign operations raise."""

from tidings.platform.errors import Conflict, NotFound, RuleRefused


class CampaignNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such campaign.")


class CampaignStepRefused(RuleRefused):
    """The campaign cannot change to that state; `before` is its current state."""

    def __init__(self, before: str, after: str) -> None:
        self.before = before
        super().__init__(f"A campaign that is {before} cannot become {after}.", field="state")


class NothingToResume(RuleRefused):
    def __init__(self, before: str) -> None:
        super().__init__(
            f"A campaign that is {before} is not paused: there is nothing to resume.",
            field="state",
        )


class EditRefused(RuleRefused):
    """A run of the campaign is under way, or the campaign has ended."""

    def __init__(self, state: str) -> None:
        super().__init__(f"A campaign that is {state} cannot be edited.", field="state")


class StaleCampaign(Conflict):
    def __init__(self) -> None:
        super().__init__("The campaign changed meanwhile. Read it again.", field="version")


class UnknownTemplate(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such template.", field="template_code")


class UnknownMailedCampaign(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such campaign.", field="audience.mail_response.campaign_id")


class UnknownVoucher(RuleRefused):
    def __init__(self) -> None:
        super().__init__("There is no such voucher.", field="voucher_id")


class VoucherForOne(RuleRefused):
    def __init__(self) -> None:
        super().__init__("This voucher is for one customer.", field="voucher_id")


class VoucherOver(RuleRefused):
    def __init__(self) -> None:
        super().__init__("This voucher is no longer valid then.", field="voucher_id")


class VariableMissing(RuleRefused):
    def __init__(self, name: str) -> None:
        super().__init__(f"The template needs the variable {name}.", field=f"variables.{name}")


class NotAnOperator(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "A test is sent to operators and administrators only.", field="operator_ids"
        )


class ExperimentOfWeekly(RuleRefused):
    def __init__(self) -> None:
        super().__init__("A weekly campaign has no experiment.", field="experiment")


class WaitNotAsked(RuleRefused):
    def __init__(self) -> None:
        super().__init__(
            "If an operator decides, the wait has no length.", field="experiment.wait_hours"
        )


class NoWinnerAwaited(RuleRefused):
    """The campaign has no experiment, or its test is not over, or its winner is chosen."""

    def __init__(self) -> None:
        super().__init__("This campaign does not wait for a winner.", field="state")


class UnknownVariant(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The campaign has no such variant.", field="variant")


class TimeHasPassed(RuleRefused):
    def __init__(self) -> None:
        super().__init__("The campaign's time has passed.", field="schedule.at")


class TimeMissing(RuleRefused):
    def __init__(self) -> None:
        super().__init__("A schedule of kind `at` needs a time.", field="schedule.at")


class TimeNotAsked(RuleRefused):
    def __init__(self) -> None:
        super().__init__("Only a schedule of kind `at` has a time.", field="schedule.at")
