"""The variables of a template."""

from collections.abc import Mapping
from typing import Any, Final

from tidings.templates.errors import MissingVariable
from tidings.templates.schemas import TemplateContent
from tidings.templates.values import plain

# Every template may use these; the sender provides those that exist.
ALWAYS_KNOWN: Final = frozenset(
    {"name", "shop_name", "shop_url", "unsubscribe_url", "language", "time_zone"}
)


def told_to(content: TemplateContent, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared variables of a template; others are left out.

    Missing optional variables are None, which prints nothing.

    Raises:
        MissingVariable: a required variable is missing.
        BadVariable: a value has a type or size that is not accepted.
    """
    for name in content.required_variables:
        if variables.get(name) is None:
            raise MissingVariable(name)
    names = ALWAYS_KNOWN.union(content.required_variables, content.optional_variables)
    return dict.fromkeys(names) | plain(
        {name: value for name, value in variables.items() if name in names}
    )
