"""What a caller may see of an error that an operation raised: the same in every form of answer."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tidings.platform.errors import RateLimited, TidingsError
from tidings.platform.inputs.parsing import Fault, InvalidFields
from tidings.platform.text.excerpts import MAX_DETAILS, MAX_FIELD_CHARACTERS, excerpt

RETRY_AFTER_SECONDS: Final = 5


class Refusal(NamedTuple):
    """The code, the text and the places of a refusal."""

    code: str
    message: str
    details: tuple[dict[str, str], ...] = ()
    # The number of seconds after which the caller may try again.
    retry_after: int | None = None


# A fault of ours; the caller learns nothing else.
UNEXPECTED: Final = Refusal("INTERNAL", "Something went wrong on our side.")


def refusal_of(error: TidingsError) -> Refusal:
    """Return the part of an error that the caller may see."""
    if isinstance(error, InvalidFields):
        return _of_fields(error.code, error.faults)
    message = excerpt(error.message)
    details = ({"field": error.field, "message": message},) if error.field else ()
    return Refusal(error.code, message, details, _retry_after(error))


def _retry_after(error: TidingsError) -> int | None:
    if isinstance(error, RateLimited):
        return error.retry_after
    return RETRY_AFTER_SECONDS if error.status == 503 else None


def _of_fields(code: str, faults: Sequence[Fault]) -> Refusal:
    details = tuple(_detail(each) for each in faults[:MAX_DETAILS])
    if more := len(faults) - len(details):
        details += ({"field": "", "message": f"and {more} more"},)
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return Refusal(code, message, details)


def _detail(fault: Fault) -> dict[str, str]:
    field = ".".join(excerpt(str(part), MAX_FIELD_CHARACTERS) for part in fault.place)
    return {"field": excerpt(field), "message": excerpt(fault.message)}
