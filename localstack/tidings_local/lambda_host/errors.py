"""The errors of the host itself. The errors of a function are in its `Outcome`."""


class LambdaHostError(Exception):
    """Base of all errors that the host raises."""


class ThrottledError(LambdaHostError):
    """No environment became free within the time that a call may wait."""

    def __init__(self, arn: str, waited_seconds: float) -> None:
        super().__init__(f"all environments of {arn} stayed busy for {waited_seconds:g} seconds")


class HostStoppedError(LambdaHostError):
    """The host was stopped, and starts nothing."""

    def __init__(self) -> None:
        super().__init__("the Lambda host is stopped")


class RuntimeMissingError(LambdaHostError):
    """There is no interpreter that can run functions."""


class BadPackageError(LambdaHostError):
    """A code or layer archive must not, or cannot, be unpacked."""


class EnvironmentGoneError(LambdaHostError):
    """A warm process ended before it read the event: nothing ran, and another one may try."""
