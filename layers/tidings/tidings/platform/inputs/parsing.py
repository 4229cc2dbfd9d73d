"""Validate what a caller sent. A validation error from anywhere else is a fault of our own."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from tidings.platform.errors import InvalidInput
from tidings.platform.timing.times import OUT_OF_RANGE

# An error message names at most this many invalid values.
MAX_NAMED: Final = 5

Model = TypeVar("Model", bound=BaseModel)


class Fault(NamedTuple):
    """One invalid value: its place in the input, and the reason without the value."""

    place: tuple[int | str, ...]
    message: str

    def __str__(self) -> str:
        """Return e.g. `lines.0.quantity: Field required`."""
        return ": ".join(filter(None, (".".join(map(str, self.place)), self.message)))


class InvalidFields(InvalidInput):
    """The input does not match its model; `faults` has each invalid value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(each) for each in faults[:MAX_NAMED]))
        self.faults = tuple(faults)


class OutOfRange(InvalidFields):
    """The input is well formed, but a time in it is out of range."""

    status = 422


def parsed(model: type[Model], content: object) -> Model:
    """Return input from outside as an instance of its model.

    Raises:
        InvalidFields: the input does not match the model.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> InvalidFields:
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    faults = [Fault(each["loc"], each["msg"]) for each in errors]
    out_of_range = all(each["type"] == OUT_OF_RANGE for each in errors)
    return OutOfRange(faults) if out_of_range else InvalidFields(faults)
