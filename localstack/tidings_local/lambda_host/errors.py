"""What can go wrong in the host itself. What goes wrong in a function is an `Outcome`."""


class LambdaHostError(Exception):
    """Base of all errors the host raises."""


class ThrottledError(LambdaHostError):
    """Every environment stayed busy for as long as a caller may wait."""

    def __init__(self, arn: str, waited_seconds: float) -> None:
        super().__init__(f"all environments of {arn} stayed busy for {waited_seconds:g} seconds")


class HostStoppedError(LambdaHostError):
    """The host was stopped; it starts nothing any more."""

    def __init__(self) -> None:
        super().__init__("the Lambda host is stopped")


class RuntimeMissingError(LambdaHostError):
    """There is no interpreter to run functions with."""


class BadPackageError(LambdaHostError):
    """A code or layer archive that must not, or cannot, be unpacked."""


class EnvironmentGoneError(LambdaHostError):
    """A warm process had died before it took the event: nothing ran, another may try."""
