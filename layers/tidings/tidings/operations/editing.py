"""Payloads that an operator mends before they go back."""

import json
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from tidings.operations.errors import ChangesRefused
from tidings.operations.forecasts import event_class_of
from tidings.operations.masking import MASK

# What makes a message the one that it is: consumers tell repetitions by them.
FIXED_FIELDS = ("id", "type", "source")


def edited(body: bytes, changes: str) -> bytes:
    """Return a payload with changes (JSON merge patch, RFC 7396), as its type's model takes it.

    A patch, not a whole payload: nobody has to see what is masked to mend the rest. A payload
    that is no JSON object is replaced.

    Raises:
        ChangesRefused: they are no patch, touch what must stay, or make no event.
    """
    patch, before = _object_of(changes), _object_of(body)
    if patch is None:
        raise ChangesRefused("The changes are not a JSON object.")
    if MASK in changes:
        raise ChangesRefused(f"{MASK} stands for what is hidden: leave that field out.")
    after = _merged(before or {}, patch)
    for name in FIXED_FIELDS if before else ():
        if before and name in before and after.get(name) != before[name]:
            raise ChangesRefused(f"{name} cannot be changed: it says which message this is.")
    event_class = event_class_of(after.get("type"))
    if event_class is None:
        raise ChangesRefused("There is no event of this type.")
    try:
        event_class.model_validate(after)
        return json.dumps(after, ensure_ascii=False, allow_nan=False).encode()
    except ValidationError as error:
        raise ChangesRefused(_problems(error)) from None
    except ValueError:  # such as 1e999, which is read as infinity
        raise ChangesRefused("A number is too large.") from None


def _merged(target: Any, patch: Any) -> Any:
    """Apply a merge patch as RFC 7396, section 2, says it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result


def _object_of(text: bytes | str) -> dict[str, Any] | None:
    try:
        content = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # TypeError: half a surrogate pair is no text
        return None
    return content if isinstance(content, dict) else None


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:5])
