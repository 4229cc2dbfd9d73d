"""What an operation's acts concern: the places of ids in its arguments and its result."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tidings.platform.acts import Act

# Kinds of targets by their places: `{"product_id": "product", "result.id": "notification"}`.
Paths = Mapping[str, str]

ID: Final = "_id"
RESULT: Final = "result"


def paths_of(parameters: Sequence[str], returns: Any) -> Paths:
    """Return the places of ids by the names of the parameters, or of the result's type.

    `product_id` is the id of a product; a new target's id is in the result: `ProductView.id`.
    """
    named = {each: each.removesuffix(ID) for each in parameters if each.endswith(ID)}
    if named:
        return named
    if "id" not in getattr(returns, "model_fields", ()):
        return {}
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", returns.__name__.removesuffix("View")).lower()
    return {f"{RESULT}.id": kind}


def targets_in(act: Act, paths: Paths, values: Mapping[str, Any]) -> None:
    """Add the targets that these values name to an act."""
    for path, kind in paths.items():
        name, *rest = path.split(".")
        value = values.get(name)
        for each in rest:
            value = getattr(value, each, None)
        ids = value if isinstance(value, list | tuple) else [value]
        act.add(kind, tuple(each for each in ids if isinstance(each, str)))
