"""What a template is told."""

from collections.abc import Mapping
from typing import Any, Final

from tidings.templates.errors import MissingVariable
from tidings.templates.schemas import TemplateContent
from tidings.templates.values import plain

# Every template may use these; who sends gives them where there are any.
ALWAYS_KNOWN: Final = frozenset(
    {"name", "shop_name", "shop_url", "unsubscribe_url", "language", "time_zone"}
)


def told_to(content: TemplateContent, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a template gets to know; what it did not declare is left out.

    Optional variables that are not given are None, which prints as nothing.

    Raises:
        MissingVariable: a required one is not given.
        BadVariable: a value is of a kind or size that is not taken.
    """
    for name in content.required_variables:
        if variables.get(name) is None:
            raise MissingVariable(name)
    names = ALWAYS_KNOWN.union(content.required_variables, content.optional_variables)
    return dict.fromkeys(names) | plain(
        {name: value for name, value in variables.items() if name in names}
    )
